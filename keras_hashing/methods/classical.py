"""Classical hashing of a frozen backbone's features."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_hashing import hashers
from keras_hashing.methods.adapted_model import AdaptedModel
from keras_hashing.types import ArrayLike, Images


@keras.saving.register_keras_serializable(package="keras_hashing", name="LSHModel")
class LSH(AdaptedModel):
    """Random directions. Arguments of `hashers.LSH` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = LSH(bits=12, backbone=None)
        >>> model.adapt(features)
        >>> model(features).shape.as_list()
        [100, 12]
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        seed: int = 0,
        center: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(hashers.LSH(bits, seed, center, name="hash"), backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="SuperBitModel")
class SuperBit(AdaptedModel):
    """Random directions, orthogonal. Arguments of `hashers.SuperBitLSH` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = SuperBit(bits=12, backbone=None)
        >>> model.adapt(features)
        >>> model(features).shape.as_list()
        [100, 12]
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        depth: int | None = None,
        seed: int = 0,
        center: bool = True,
        **kwargs: Any,
    ) -> None:
        hasher = hashers.SuperBitLSH(bits, depth, seed, center, name="hash")
        super().__init__(hasher, backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="PCAHModel")
class PCAH(AdaptedModel):
    """Principal components. Arguments of `hashers.PCAHash` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = PCAH(bits=8, backbone=None)
        >>> model.adapt(features)
        >>> model(features).shape.as_list()
        [100, 8]
    """

    def __init__(
        self, bits: int, backbone: str | keras.Model | None = "efficientnet_lite0", **kwargs: Any
    ) -> None:
        super().__init__(hashers.PCAHash(bits, name="hash"), backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="ITQModel")
class ITQ(AdaptedModel):
    """Principal components, rotated. Arguments of `hashers.ITQ` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = ITQ(bits=8, backbone=None)
        >>> model.adapt(features)
        >>> model(features).shape.as_list()
        [100, 8]
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        iterations: int = 50,
        seed: int = 0,
        max_samples: int = 50_000,
        **kwargs: Any,
    ) -> None:
        hasher = hashers.ITQ(bits, iterations, seed, max_samples, name="hash")
        super().__init__(hasher, backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="SpectralModel")
class Spectral(AdaptedModel):
    """Waves along components. Arguments of `hashers.SpectralHash` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = Spectral(bits=12, backbone=None)
        >>> model.adapt(features)
        >>> model(features).shape.as_list()
        [100, 12]
    """

    def __init__(
        self, bits: int, backbone: str | keras.Model | None = "efficientnet_lite0", **kwargs: Any
    ) -> None:
        super().__init__(hashers.SpectralHash(bits, name="hash"), backbone, **kwargs)


@keras.saving.register_keras_serializable(package="keras_hashing", name="SemanticModel")
class Semantic(AdaptedModel):
    """A deep autoencoder's code. Arguments of `hashers.SemanticHash` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = Semantic(bits=8, hidden=(16,), pretraining_epochs=1, epochs=1, backbone=None)
        >>> model.adapt(features)
        >>> model(features).shape.as_list()
        [100, 8]
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        hidden: Sequence[int] = (512, 256),
        threshold: float | str = 0.5,
        noise: float = 4.0,
        pretraining_epochs: int = 10,
        epochs: int = 20,
        seed: int = 0,
        max_samples: int = 10_000,
        **kwargs: Any,
    ) -> None:
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
class KSH(AdaptedModel):
    """Kernels to anchors, from labels. Arguments of `hashers.KSH` and `AdaptedModel`.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> model = KSH(bits=8, backbone=None, anchors=20)
        >>> model.adapt(features, np.arange(100) % 4)
        >>> model(features).shape.as_list()
        [100, 8]
    """

    supervised = True
    needs_labels = True

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        anchors: int = 300,
        labelled: int = 2000,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        hasher = hashers.KSH(bits, anchors, labelled, seed, name="hash")
        super().__init__(hasher, backbone, **kwargs)

    def adapt(self, images: Images, labels: ArrayLike = None) -> None:
        """Fit the hasher to images and their labels; an earlier fit is forgotten.

        Args:
            images: as for `AdaptedModel.adapt`, with their labels or in the order of `labels`. No
                generator in place of features.
            labels: class numbers or names `(n,)`, or multi-hot `(n, classes)`; None where
                `images` brings them.

        Raises:
            ValueError: images or features that the model cannot take, fewer than `anchors`;
                no labels, or some of another number of items or of a single class.
        """
        self._adapt(images, labels)
