"""What every hashing method is: a `keras.Model` from images to outputs, one per bit."""

import keras
from keras import layers

from keras_hashing import backbones, checks
from keras_hashing.layers import HashHead


class HashingModel(keras.Model):
    """Backbone, head, and the method's own loss.

    A method subclasses it, gives `default_loss`, and adds its arguments to `get_config`.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: str or `keras.Model`, as `keras_hashing.backbones.get` takes it; or `None` for
            a model whose input is features `(n, channels)`, so that a head trains in seconds on
            cached features.
        image_size: int, side in pixels of the square that images are resized to; `None` for the
            backbone's own.
        pretrained: bool, whether the backbone starts from ImageNet weights; `None` for the
            backbone's own habit.
        hidden: int, units of a ReLU layer between features and head; `None` for no such layer.
        dropout: float in [0, 1), rate in front of each dense layer.
        activation: of the head, "tanh" or "linear".
        name: str.
    """

    def __init__(
        self,
        bits,
        backbone="efficientnet_lite0",
        image_size=None,
        pretrained=None,
        hidden=None,
        dropout=0.0,
        activation="tanh",
        name=None,
    ):
        super().__init__(name=name or type(self).__name__.lower())
        self.bits = checks.bits(bits)
        self.hidden = None if hidden is None else checks.whole("hidden", hidden, 1, None)
        self.dropout = checks.between("dropout", dropout, 0.0, 0.999)
        self.backbone = None
        self.image_size = None
        self._backbone_config = None
        if backbone is not None:
            self.backbone = backbones.get(backbone, image_size, pretrained)
            self.image_size = self.backbone.image_size
            self._backbone_config = backbone
        elif image_size is not None or pretrained is not None:
            raise ValueError(
                "`image_size` and `pretrained` are the backbone's; with `backbone=None` the model "
                "takes features (n, channels). Leave them out."
            )
        self.head = self._make_head(activation)
        if self.backbone is not None:
            self.head.build(self.backbone.output_shape)
            self.build((None, None, None, 3))

    def _make_head(self, activation):
        stack = []
        if self.dropout:
            stack.append(layers.Dropout(self.dropout, name="feature_dropout"))
        if self.hidden is not None:
            stack.append(layers.Dense(self.hidden, activation="relu", name="hidden"))
            if self.dropout:
                stack.append(layers.Dropout(self.dropout, name="hidden_dropout"))
        stack.append(HashHead(self.bits, activation=activation, name="hash"))
        return keras.Sequential(stack, name="head")

    def build(self, input_shape):
        if self.backbone is None:
            checks.rank("features", keras.KerasTensor(input_shape), 2, "Pass (n, channels).")
            if not self.head.built:
                self.head.build(input_shape)
        self.built = True

    def call(self, images, training=None):
        features = images if self.backbone is None else self.backbone(images, training=training)
        return self.head(features, training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    @property
    def method(self):
        """The method's name in `keras_hashing.methods.NAMES`."""
        return type(self).__name__.lower()

    def default_loss(self):
        """The method's own loss, which `compile` takes when it is given none."""
        raise NotImplementedError

    def compile(self, optimizer="adamw", loss=None, **kwargs):
        """As `keras.Model.compile`; `loss=None` is the method's own loss."""
        super().compile(optimizer, self.default_loss() if loss is None else loss, **kwargs)

    def compile_from_config(self, config):
        # Keras skips this step for a class with its own `compile`.
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def get_config(self):
        backbone = self._backbone_config
        if isinstance(backbone, keras.Model):
            backbone = keras.saving.serialize_keras_object(backbone)
        return {
            "bits": self.bits,
            "backbone": backbone,
            "image_size": self.image_size,
            "hidden": self.hidden,
            "dropout": self.dropout,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """A model of the same shape; its weights come from a file, so none are fetched."""
        config = dict(config)
        backbone = config.get("backbone")
        if isinstance(backbone, dict):
            config["backbone"] = keras.saving.deserialize_keras_object(backbone)
        elif backbone is not None:
            config["pretrained"] = False
        return cls(**config)
