"""AlexNet in Caffe's layout (CaffeNet): what DHN, DLBHC and HashNet were published with."""

import keras
from keras import layers, ops

from keras_hashing import checks
from keras_hashing.backbones.ceil_pooling import max_pool
from keras_hashing.backbones.local_response import LocalResponseNormalization

DEFAULT_IMAGE_SIZE = 227

# Caffe's ImageNet means, (104, 117, 123) in its order blue, green, red; ours is red first.
_MEANS = (123.0, 117.0, 104.0)


def build(image_size):
    """CaffeNet up to fc7, dropout behind fc6 and fc7; 56.9 million parameters at 227 px.

    There are no pretrained weights for it here, so it is for comparing architectures and for
    whoever has weights of their own. The maps of the five convolutions have sides of 55, 27,
    13, 13 and 13 pixels, and fc6 sees 6x6. conv2, conv4 and conv5 work on two halves of the
    channels (built as two convolutions, because servers cannot run grouped ones). Initial
    weights are He-normal, not Caffe's fixed deviations: without pretraining those hardly start.
    To fill it from a Caffe file, turn the input channels of conv1 around (Caffe reads blue
    first) and fc6 from (channels, h, w) to (h, w, channels).

    Args:
        image_size: int, side of the square input in pixels, at least 39.

    Returns:
        `keras.Model`, float32 images `(n, image_size, image_size, 3)`, 0 to 255, to features
        `(n, 4096)`, none negative.

    Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks",
    NIPS 2012; layer sizes and order (pooling before normalization) of BVLC's
    `bvlc_reference_caffenet`.
    """
    checks.whole("image_size", image_size, 39, None, "Use 227, or `small_cnn` for small images.")
    inputs = keras.Input((image_size, image_size, 3), name="images")
    x = layers.Normalization(mean=_MEANS, variance=(1.0, 1.0, 1.0), name="subtract_mean")(inputs)
    x = _convolution(96, 11, "conv1", strides=4, padding="valid")(x)
    x = max_pool(x, "pool1")
    x = LocalResponseNormalization(name="norm1")(x)
    x = _two_halves(x, 256, 5, "conv2")
    x = max_pool(x, "pool2")
    x = LocalResponseNormalization(name="norm2")(x)
    x = _convolution(384, 3, "conv3")(x)
    x = _two_halves(x, 384, 3, "conv4")
    x = _two_halves(x, 256, 3, "conv5")
    x = max_pool(x, "pool5")
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        dense = layers.Dense(4096, activation="relu", kernel_initializer="he_normal", name=name)
        x = layers.Dropout(0.5, name=f"{name}_dropout")(dense(x))
    return keras.Model(inputs, x, name="alexnet")


def _convolution(filters, size, name, strides=1, padding="same"):
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding=padding,
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )


def _two_halves(maps, filters, size, name):
    """Caffe's convolution with `group: 2`: each half of the filters sees half of the channels."""
    halves = [
        _convolution(filters // 2, size, f"{name}_{side}")(half)
        for side, half in zip("ab", ops.split(maps, 2, axis=-1), strict=True)
    ]
    return layers.Concatenate(name=name)(halves)
