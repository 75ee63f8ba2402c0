"""A photo index's encoder as one Keras model, to be exported beside the index."""

from typing import TYPE_CHECKING

from keras_hashing.photos.encoder import Encoder
from keras_hashing.photos.photo_index import PhotoIndex

if TYPE_CHECKING:
    import keras


def photo_model(photo_index: PhotoIndex, encoder: Encoder) -> "keras.Model":
    """From images of any size to outputs whose signs are the index's codes.

    Args:
        photo_index: `PhotoIndex`.
        encoder: `Encoder` of the index's model.

    Returns:
        `keras.Model` with `bits` and `image_size`: float images `(n, h, w, 3)`, values 0 to 255,
        to float32 `(n, bits)`.

    Raises:
        ValueError: the encoder's model is not the index's.

    Example:
        >>> import pathlib
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pathlib.Path("photos").mkdir()
        >>> for number in range(3):
        ...     Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(f"photos/{number}.png")
        >>> name = "dhn_fashion_48"
        >>> encoder = kh.photos.Encoder(name, lambda: kh.zoo.load(name), hashing=True)
        >>> summary = kh.photos.update("photos.khindex", "photos", encoder)
        >>> photo_model(kh.photos.PhotoIndex("photos.khindex"), encoder).bits
        48
    """
    import keras

    from keras_hashing.backbones.image_input import ImageInput

    photo_index.check_encoder(encoder)
    if encoder.hashing:
        return encoder.model
    inputs = keras.Input((None, None, 3), name="images")
    size = photo_index.model["image_size"]
    features = encoder.model(ImageInput(size, name="image_input")(inputs))
    # The index keeps features as float16, and bits near the border depend on that.
    features = keras.ops.cast(keras.ops.cast(features, "float16"), "float32")
    outputs = photo_index.projection_layer(encoder.width)(features)
    model = keras.Model(inputs, outputs, name=f"{encoder.name}_{photo_index.projection}")
    model.bits, model.image_size = photo_index.bits, size
    return model
