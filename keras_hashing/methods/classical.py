"""Classical hashing of a frozen backbone's features: fitted by `adapt`, without gradients."""

import keras

from keras_hashing import backbones, checks, hashers
from keras_hashing.methods import stored_backbone
from keras_hashing.methods.image_features import image_features


class ClassicalModel(keras.Model):
    """Frozen backbone and a hasher behind it. A method gives its hasher and a name.

    Args:
        hasher: layer of `keras_hashing.hashers`.
        backbone: str or `keras.Model`, as `keras_hashing.backbones.get` takes it; or `None` for
            a model whose input is features `(n, channels)`.
        image_size: int, side in pixels of the square that images are resized to; `None` for the
            backbone's own.
        pretrained: bool, whether the backbone starts from ImageNet weights; `None` for the
            backbone's own habit.
        name: str.

    Input: images `(n, h, w, 1 or 3)`, values 0 to 255; or features. Output: float32
    `(n, bits)`; bit = (output >= 0).
    """

    method: str  # its name in `keras_hashing.methods.NAMES`
    supervised = False  # whether it learns from labels
    needs_labels = False  # whether `adapt` takes them
    only_training: tuple = ()  # arguments and layers that entries have none of

    def __init__(
        self,
        hasher,
        backbone="efficientnet_lite0",
        image_size=None,
        pretrained=None,
        name=None,
    ):
        super().__init__(name=name or self.method, dtype="float32")
        self.bits = hasher.bits
        self.hasher = hasher
        self.backbone = None
        self.image_size = None
        self._backbone_config = backbone
        if backbone is not None:
            self.backbone = backbones.get(backbone, image_size, pretrained)
            self.backbone.trainable = False
            self.image_size = self.backbone.image_size
            self.hasher.build(self.backbone.output_shape)
            self.build((None, None, None, 3))
        elif image_size is not None or pretrained is not None:
            raise ValueError(
                "`image_size` and `pretrained` are the backbone's; with `backbone=None` the model "
                "takes features (n, channels). Leave them out."
            )

    def adapt(self, images):
        """Fit the hasher to a set of images; an earlier fit is forgotten.

        Args:
            images: array `(n, h, w, 1 or 3)` with values 0 to 255; a `tf.data.Dataset` of batches
                (of images, or of tuples whose first element is images); a folder; or a list of
                paths. A model without a backbone takes features, as the hasher's `adapt` does.
                Their features are kept in memory.

        Raises:
            ValueError: images or features that the model cannot take, or too few for the hasher.
        """
        self._adapt(images)

    def _adapt(self, images, *labels):
        features = images
        if self.backbone is not None:
            features, found = image_features(self.backbone, images, *labels)
            labels = (found,) * len(labels)
        self.hasher.adapt(features, *labels)
        if not self.built:
            self.build((None, self.hasher.channels))

    def fit(self, *args, **kwargs):
        raise NotImplementedError(
            f"{type(self).__name__} learns without gradients. Call `adapt` instead of `fit`."
        )

    def build(self, input_shape):
        if self.backbone is None:
            checks.rank("features", keras.KerasTensor(input_shape), 2, "Pass (n, channels).")
            if not self.hasher.built:
                self.hasher.build(input_shape)
        self.built = True

    def call(self, images, training=False):
        features = images if self.backbone is None else self.backbone(images, training=False)
        return self.hasher(features)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    def compute_output_spec(self, images, training=False):
        return keras.KerasTensor((images.shape[0], self.bits), dtype="float32")

    def get_config(self):
        settings = self.hasher.get_config()
        for key in ("name", "trainable", "dtype"):
            del settings[key]
        return {
            **settings,
            "backbone": stored_backbone.to_config(self._backbone_config),
            "image_size": self.image_size,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """A model of the same shape; its weights come from a file, so none are fetched."""
        return cls(**stored_backbone.restored(config))


@keras.saving.register_keras_serializable(package="keras_hashing", name="LSHModel")
class LSHModel(ClassicalModel):
    """Random directions. Arguments of `hashers.LSH` and `ClassicalModel`."""

    method = "lsh"

    def __init__(self, bits, backbone="efficientnet_lite0", seed=0, center=True, **kwargs):
        super().__init__(hashers.LSH(bits, seed, center, name="hash"), backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="SuperBitModel")
class SuperBitModel(ClassicalModel):
    """Random directions, orthogonal. Arguments of `hashers.SuperBitLSH` and `ClassicalModel`."""

    method = "superbit"

    def __init__(
        self, bits, backbone="efficientnet_lite0", depth=None, seed=0, center=True, **kwargs
    ):
        hasher = hashers.SuperBitLSH(bits, depth, seed, center, name="hash")
        super().__init__(hasher, backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="PCAHModel")
class PCAHModel(ClassicalModel):
    """Principal components. Arguments of `hashers.PCAHash` and `ClassicalModel`."""

    method = "pcah"

    def __init__(self, bits, backbone="efficientnet_lite0", **kwargs):
        super().__init__(hashers.PCAHash(bits, name="hash"), backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="ITQModel")
class ITQModel(ClassicalModel):
    """Principal components, rotated. Arguments of `hashers.ITQ` and `ClassicalModel`."""

    method = "itq"

    def __init__(
        self,
        bits,
        backbone="efficientnet_lite0",
        iterations=50,
        seed=0,
        max_samples=50_000,
        **kwargs,
    ):
        hasher = hashers.ITQ(bits, iterations, seed, max_samples, name="hash")
        super().__init__(hasher, backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="SpectralModel")
class SpectralModel(ClassicalModel):
    """Waves along components. Arguments of `hashers.SpectralHash` and `ClassicalModel`."""

    method = "spectral"

    def __init__(self, bits, backbone="efficientnet_lite0", **kwargs):
        super().__init__(hashers.SpectralHash(bits, name="hash"), backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="SemanticModel")
class SemanticModel(ClassicalModel):
    """A deep autoencoder's code. Arguments of `hashers.SemanticHash` and `ClassicalModel`."""

    method = "semantic"

    def __init__(
        self,
        bits,
        backbone="efficientnet_lite0",
        hidden=(512, 256),
        threshold=0.5,
        noise=4.0,
        pretraining_epochs=10,
        epochs=20,
        seed=0,
        max_samples=10_000,
        **kwargs,
    ):
        hasher = hashers.SemanticHash(
            bits,
            hidden,
            threshold,
            noise,
            pretraining_epochs,
            epochs,
            seed,
            max_samples,
            name="hash",
        )
        super().__init__(hasher, backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="KSHModel")
class KSHModel(ClassicalModel):
    """Kernels to anchors, from labels. Arguments of `hashers.KSH` and `ClassicalModel`."""

    method = "ksh"
    supervised = True
    needs_labels = True

    def __init__(
        self,
        bits,
        backbone="efficientnet_lite0",
        anchors=300,
        labelled=2000,
        seed=0,
        **kwargs,
    ):
        hasher = hashers.KSH(bits, anchors, labelled, seed, name="hash")
        super().__init__(hasher, backbone, **kwargs)

    def adapt(self, images, labels=None):
        """Fit the hasher to images and their labels; an earlier fit is forgotten.

        Args:
            images: as for `ClassicalModel.adapt`, in the order of the labels: no shuffling. No
                generator in place of features.
            labels: int `(n,)` or multi-hot `(n, classes)`.

        Raises:
            ValueError: images or features that the model cannot take, fewer than `anchors`;
                no labels, or some of another number of items or of a single class.
        """
        self._adapt(images, labels)
