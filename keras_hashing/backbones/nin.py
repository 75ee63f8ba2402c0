"""Network in Network as DNNH uses it: convolutions only, a mean over the map at the end."""

import keras
from keras import layers

from keras_hashing import checks
from keras_hashing.backbones.ceil_pooling import max_pool

DEFAULT_IMAGE_SIZE = 227

# Below this side the ImageNet layout, which shrinks a map 32 times, leaves too little.
_LARGE_FROM = 96

# The features of each bit in DNNH's divide-and-encode module: `channels` is this times the bits.
FEATURES_PER_BIT = 50


def build(image_size, channels=1024):
    """Network in Network with `channels` features.

    From 96 pixels on, the ImageNet layout: convolutions of 11x11 at stride 4, 5x5, 3x3 and 3x3,
    each followed by one of 1x1. Below, a layout of our own for small images: 5x5, 5x5 and 3x3
    without the stride. Every convolution is followed by a ReLU.

    Args:
        image_size: int, side of the square input in pixels, at least 8.
        channels: int, number of features; `FEATURES_PER_BIT` times the bits for DNNH.

    Returns:
        `keras.Model`, float32 images `(n, image_size, image_size, 3)`, 0 to 255, to features
        `(n, channels)`, none negative.

    Raises:
        TypeError, ValueError: `image_size` or `channels` is not a whole number in its range.

    Source: Lin et al., "Network In Network", ICLR 2014, with the widths of the public
    `nin_imagenet` definition; one 1x1 convolution a block and the width of the last block as in
    Lai et al., "Simultaneous Feature Learning and Hash Coding with Deep Neural Networks",
    CVPR 2015. The initial weights (He-normal) are ours.
    """
    checks.whole("image_size", image_size, 8, None, "Use 227, or 32 for small images.")
    checks.whole("channels", channels, 1, None, "Use 50 times the number of bits.")
    inputs = keras.Input((image_size, image_size, 3), name="images")
    x = layers.Rescaling(1 / 64, offset=-2.0, name="rescaling")(inputs)
    x = _large(x, channels) if image_size >= _LARGE_FROM else _small(x, channels)
    features = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, features, name="nin")


def _large(x, channels):
    x = _block(x, "block1", 96, 11, 96, strides=4, padding="valid")
    x = max_pool(x, "block1_pool")
    x = _block(x, "block2", 256, 5, 256)
    x = max_pool(x, "block2_pool")
    x = _block(x, "block3", 384, 3, 384)
    x = max_pool(x, "block3_pool")
    x = layers.Dropout(0.5, name="dropout")(x)
    return _block(x, "block4", channels, 3, channels)


def _small(x, channels):
    x = _block(x, "block1", 96, 5, 96)
    x = layers.MaxPooling2D(name="block1_pool")(x)
    x = _block(x, "block2", 192, 5, 192)
    x = layers.MaxPooling2D(name="block2_pool")(x)
    return _block(x, "block3", 192, 3, channels)


def _block(x, name, filters, size, channels, strides=1, padding="same"):
    """A convolution of `size` and one of 1x1, each with ReLU."""
    for part, options in (
        ("conv", {"filters": filters, "kernel_size": size, "strides": strides}),
        ("mix", {"filters": channels, "kernel_size": 1}),
    ):
        x = layers.Conv2D(
            **options,
            padding=padding,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_{part}",
        )(x)
    return x
