"""A small network for 28 or 32 pixel images, trained from scratch in minutes on a CPU."""

import keras
from keras import layers

DEFAULT_IMAGE_SIZE = 32

# Filters of the three blocks; the last is the number of features.
_FILTERS = (32, 64, 128)


def build(image_size):
    """Three blocks of two 3x3 convolutions; 287,000 parameters.

    No batch norm, so training and inference compute the same function and any batch size works.
    The layout, two convolutions a block and a mean at the end, is our own; three pooled blocks
    of 32, 64 and 128 filters are what CNNH's network has.

    Args:
        image_size: int, side of the square input in pixels, at least 8.

    Returns:
        `keras.Model`, float32 images `(n, image_size, image_size, 3)`, 0 to 255, to features
        `(n, 128)`, none negative.
    """
    inputs = keras.Input((image_size, image_size, 3), name="images")
    x = layers.Rescaling(1 / 64, offset=-2.0, name="rescaling")(inputs)
    for block, filters in enumerate(_FILTERS, start=1):
        for part in "ab":
            x = layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"block{block}{part}_conv",
            )(x)
        if block < len(_FILTERS):
            x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    features = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, features, name="small_cnn")
