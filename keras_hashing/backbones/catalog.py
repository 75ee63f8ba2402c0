"""From a backbone's name, or any model, to a network that takes raw images."""

import importlib
import sys

import keras
from keras import layers

from keras_hashing import checks, resources, weights
from keras_hashing.backbones import efficientnet_lite
from keras_hashing.backbones.image_input import ImageInput

_SMALL = ("alexnet", "nin", "small_cnn")

# Our own names; every name of `keras.applications`, such as "MobileNetV2", is taken as well.
NAMES = (*efficientnet_lite.VARIANTS, *_SMALL)

# The one backbone whose ImageNet weights come with the package, and their digest.
_SHIPPED = "efficientnet_lite0"
_SHIPPED_SHA256 = "884f8c93be570564a76688b7d1ea96c7244c059c457f456cba74cf316c8101a9"


def get(
    name_or_model: str | keras.Model, image_size: int | None = None, pretrained: bool | None = None
) -> keras.Model:
    """A backbone that takes raw images of any size.

    Args:
        name_or_model: str, one of `NAMES` or of `keras.applications`; or a `keras.Model` from
            images `(n, h, w, 3)` to features, whatever normalization it needs inside. Feature
            maps are averaged.
        image_size: int, side in pixels of the square that images are resized to. Default: the
            size that the network was made for, 224 for a model that takes any size.
        pretrained: bool, load ImageNet weights. Default: True for the EfficientNet-Lite family
            (lite0 comes with the package, rounded to float16; lite1 and lite2 need the extra
            `lite`), False for every other. With True, `keras.applications` downloads its own.

    Returns:
        `keras.Model` from images `(n, h, w, 3)` or `(n, h, w, 1)`, values 0 to 255, to float32
        features `(n, channels)`; its `image_size` is the int above.

    Raises:
        TypeError: neither a name nor a model.
        ValueError: an unknown name, or weights asked for that do not exist.

    Example:
        >>> backbone = get("small_cnn", image_size=28)
        >>> backbone.image_size, backbone.output_shape[-1]
        (28, 128)
    """
    if isinstance(name_or_model, str):
        return _named(name_or_model, image_size, pretrained)
    if isinstance(name_or_model, keras.Model):
        return _wrapped(name_or_model, image_size)
    raise TypeError(
        "`backbone` must be a name or a keras.Model from images to features; "
        f"got {type(name_or_model).__name__}."
    )


def _named(name, image_size, pretrained):
    if name in efficientnet_lite.VARIANTS:
        image_size = image_size or efficientnet_lite.VARIANTS[name][2]
        network = efficientnet_lite.build(name, image_size)
        if pretrained is None or pretrained:
            _load_lite(network, name)
    elif name in _SMALL:
        if pretrained:
            raise ValueError(f"there are no pretrained weights of {name!r}; pass pretrained=False.")
        module = importlib.import_module(f"keras_hashing.backbones.{name}")
        image_size = image_size or module.DEFAULT_IMAGE_SIZE
        network = module.build(image_size)
    else:
        network, image_size = _application(name, image_size, pretrained)
    return _take_any_image(network, image_size)


def _load_lite(network, name):
    if name == _SHIPPED:
        path = resources.zoo_path("backbones", f"{name}.safetensors")
        weights.load(network, path, sha256=_SHIPPED_SHA256)
    else:
        path = efficientnet_lite.published_file(name)
        efficientnet_lite.load_published_weights(network, path)


def _application(name, image_size, pretrained):
    """A network of `keras.applications`, its own normalization in front."""
    builders = {
        key: value
        for key, value in vars(keras.applications).items()
        if callable(value) and key[:1].isupper()
    }
    checks.one_of(
        "backbone", name, [*NAMES, *builders], "A keras.Model from images to features works too."
    )
    builder = builders[name]
    image_size = image_size or 224
    shape = (image_size, image_size, 3)
    base = builder(
        include_top=False,
        pooling="avg",
        weights="imagenet" if pretrained else None,
        input_shape=shape,
    )
    inputs = keras.Input(shape, name="images")
    preprocess = sys.modules[builder.__module__].preprocess_input
    return keras.Model(inputs, base(preprocess(inputs)), name=name.lower()), image_size


def _wrapped(model, image_size):
    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[-1] not in (1, 3, None):
        raise ValueError(
            f"`backbone` must take images (n, h, w, 3); got a model with input shape {shape}."
        )
    own = shape[1]
    if own is not None and image_size not in (None, own):
        raise ValueError(f"`image_size` is {image_size}, but the given backbone takes {own}.")
    if len(model.output_shape) not in (2, 4):
        raise ValueError(
            "`backbone` must return features (n, channels) or maps (n, h, w, channels); "
            f"got output shape {model.output_shape}."
        )
    return _take_any_image(model, own or image_size or 224)


def _take_any_image(network, image_size):
    inputs = keras.Input((None, None, None), name="images")
    features = network(ImageInput(image_size, name="image_input")(inputs))
    if len(features.shape) == 4:
        features = layers.GlobalAveragePooling2D(name="average")(features)
    backbone = keras.Model(inputs, features, name=f"{network.name}_backbone")
    backbone.image_size = image_size
    return backbone
