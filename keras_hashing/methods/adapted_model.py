"""Methods without gradients: a hasher of a frozen backbone's features, fitted by `adapt`."""

from typing import Any

import keras

from keras_hashing import encoding
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.types import Images


class AdaptedModel(HashingModel):
    """Frozen backbone and a hasher behind it. A method gives its hasher.

    Args:
        hasher: layer of `keras_hashing.hashers`.
        backbone: str or `keras.Model`, as `keras_hashing.backbones.get` takes it; or `None` for
            a model whose input is features `(n, channels)`.
        image_size: int, side in pixels of the square that images are resized to; `None` for the
            backbone's own.
        pretrained: bool, whether the backbone starts from ImageNet weights; `None` for the
            backbone's own habit.
        name: str.
        dtype: dtype policy of the backbone, as for `HashingModel`; the hasher is float32.

    Input: images `(n, h, w, 1 or 3)`, values 0 to 255; or features. Output: float32
    `(n, bits)`; bit = (output >= 0).

    Example:
        >>> import numpy as np
        >>> from keras_hashing import hashers
        >>> model = AdaptedModel(hashers.ITQ(8, name="hash"), backbone=None)
        >>> model.adapt(np.random.default_rng(0).normal(size=(100, 16)))
        >>> model.bits
        8
    """

    adapts = True
    supervised = False
    needs_labels = False  # whether `adapt` takes them
    nests = False

    def __init__(
        self,
        hasher: keras.layers.Layer,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        image_size: int | None = None,
        pretrained: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            hasher.bits,
            backbone,
            image_size,
            pretrained,
            train_backbone=False,
            head=[hasher],
            name=name,
            dtype=dtype,
        )
        self.dtype_policy = "float32"  # or features would be rounded on their way in

    def _attach(self, last):
        (self.hasher,) = last

    def _build_head(self, input_shape):
        if not self.hasher.built:
            self.hasher.build(input_shape)

    @property
    def channels(self):
        """int, the number of features that the hasher takes; None before it is built."""
        return self.hasher.channels if self.hasher.built else None

    def adapt(self, images: Images) -> None:
        """Fit the hasher to a set of images; an earlier fit is forgotten.

        Args:
            images: in any form that `keras_hashing.encode` takes; features without a backbone.
                Features of images are kept in memory.

        Raises:
            ValueError: images or features that the model cannot take, or too few for the hasher.
        """
        self._adapt(images)

    def _adapt(self, images, *labels):
        features = images
        if self.backbone is not None:
            source = encoding.source_for(self.backbone, images, *labels)
            features, found = encoding.outputs_and_labels(self.backbone, source, verbose=0)
            labels = (found,) * len(labels)
        self.hasher.adapt(features, *labels)
        if not self.built:
            self.build((None, self.hasher.channels))

    def fit(self, *args, **kwargs):
        raise NotImplementedError(
            f"{type(self).__name__} learns without gradients. Call `adapt` instead of `fit`."
        )

    def default_loss(self):
        """None: it has no loss."""

    def call(self, images, training=False):
        return self.hasher(self.features(images))

    def compute_output_spec(self, images, training=False):
        return keras.KerasTensor((images.shape[0], self.bits), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        settings = self.hasher.get_config()
        for key in ("name", "trainable", "dtype"):
            del settings[key]
        kept = ("backbone", "image_size", "name", "dtype", "layer_states")
        config = super().get_config()
        return {**settings, **{key: config[key] for key in kept if key in config}}
