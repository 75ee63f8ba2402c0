"""What a hashing model takes, for an exported function."""

import keras


def signature(model, any_size):
    """The input of a model.

    Args:
        model: `HashingModel`.
        any_size: bool, whether images may have any size, or have the model's own.

    Returns:
        List of one `keras.InputSpec`, float32: images `(n, height, width, 3)` with values 0 to
        255, or features `(n, channels)`.

    Raises:
        ValueError: a model without a backbone that has not seen features.
    """
    if model.backbone is not None:
        side = None if any_size else model.image_size
        return [keras.InputSpec(shape=(None, side, side, 3), dtype="float32")]
    if not model.built:
        raise ValueError(
            "the model takes features, and does not know yet of how many channels. Train it, or "
            "call `model.build((None, channels))`, first."
        )
    return [keras.InputSpec(shape=(None, model.channels), dtype="float32")]
