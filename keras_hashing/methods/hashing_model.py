"""What every hashing method is: a `keras.Model` from images to outputs, one per bit."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_hashing import backbones, checks
from keras_hashing.classes import Classes
from keras_hashing.layers import HashHead
from keras_hashing.methods import fitting, model_input, stored_parts
from keras_hashing.methods.method_loss import MethodLoss
from keras_hashing.types import ArrayLike, Path, Tensor


class HashingModel(keras.Model):
    """Backbone, head, and the method's own loss; the base of all methods.

    A method subclasses it, gives `default_loss` (a Keras loss of labels and outputs) or
    `item_losses` (where it needs more), and adds its arguments to `get_config`. One that needs
    something of all labels sets `needs_labels` and makes it in `prepare`; one that measures
    something at the end sets `reads_again` and does it in `finish`. One that is fitted without
    gradients, by `adapt`, subclasses `AdaptedModel`.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: str or `keras.Model`, as `keras_hashing.backbones.get` takes it; or `None` for
            a model whose input is features `(n, channels)`, so that a head trains in seconds on
            cached features.
        image_size: int, side in pixels of the square that images are resized to; `None` for the
            backbone's own.
        pretrained: bool, whether the backbone starts from ImageNet weights; `None` for the
            backbone's own habit.
        train_backbone: bool, whether `fit` trains the backbone too, or the head alone.
        hidden: int, units of a ReLU layer between features and head; `None` for no such layer.
        dropout: float in [0, 1), rate in front of each dense layer.
        head: list of layers from features to outputs `(batch, bits)`; default a `HashHead` with
            tanh. It is saved with the model, so own layers need a `get_config`.
        name: str.
        dtype: dtype policy of backbone and hidden layer; `None` for Keras' own,
            `keras.config.dtype_policy()`. It is saved with the model.

    Raises:
        TypeError: `head` is no list of layers, or a number is not whole.
        ValueError: an argument outside its range; when built, a `head` with another number of
            outputs than `bits`.

    Example:
        >>> HashingModel(bits=12, backbone=None).compute_output_shape((5, 64))
        (5, 12)
    """

    adapts = False  # whether it is fitted by `adapt`, without gradients, and not by `fit`
    supervised = True  # whether it learns from labels
    needs_labels = False  # whether it needs all of them before the first step
    reads_again = False  # whether `finish` reads the training data
    nests = True  # whether the first outputs alone can be trained as a shorter code; see `Nested`
    # Arguments and layers that only training needs; entries have none of them.
    only_training: tuple = ()
    label_numbers: Any = None  # what gave the labels that it was trained with their class numbers
    training_data = None  # while `fit` runs: its `TrainingData`, which Keras shows no callback
    head: Any = None
    _stored_states = None  # of layers in a configuration, until the model is built

    def __new__(cls, *args, **kwargs):
        model = super().__new__(cls, *args, **kwargs)
        # A method gives `__init__` a head of its own making; only the user's is to be stored.
        model._head_is_given = kwargs.get("head") is not None
        return model

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        image_size: int | None = None,
        pretrained: bool | None = None,
        train_backbone: bool = True,
        hidden: int | None = None,
        dropout: float = 0.0,
        head: Sequence[keras.layers.Layer] | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name or type(self).__name__.lower(), dtype=dtype)
        self.bits = checks.bits(bits)
        self.hidden = None if hidden is None else checks.whole("hidden", hidden, 1, None)
        self.dropout = checks.between("dropout", dropout, 0.0, 0.999)
        self.train_backbone = bool(train_backbone)
        self.backbone = None
        self.image_size: int | None = None
        self._backbone_config = None
        self._made_under = self.dtype_policy
        with stored_parts.made_under(self._made_under):
            if backbone is not None:
                self.backbone = backbones.get(backbone, image_size, pretrained)
                self.backbone.trainable = self.train_backbone
                self.image_size = self.backbone.image_size
                self._backbone_config = backbone
            elif image_size is not None or pretrained is not None:
                raise ValueError(
                    "`image_size` and `pretrained` are the backbone's; with `backbone=None` the "
                    "model takes features (n, channels). Leave them out."
                )
            head = [HashHead(self.bits, name="hash")] if head is None else head
            self._attach(stored_parts.head_layers(head))
        if self.backbone is not None:
            self._build_head(self.backbone.output_shape)
            self.built = True  # not by `build`, after which a method could add no layer of its own

    @property
    def threshold_is_zero(self):
        """Whether a bit is known to be output >= 0; a head of the user's may squash otherwise."""
        return not self._head_is_given

    def _attach(self, last):
        """Make what stands between features and outputs; `last` are its last layers."""
        stack = []
        if self.dropout:
            stack.append(layers.Dropout(self.dropout, name="feature_dropout"))
        if self.hidden is not None:
            stack.append(layers.Dense(self.hidden, activation="relu", name="hidden"))
            if self.dropout:
                stack.append(layers.Dropout(self.dropout, name="hidden_dropout"))
        self.head = keras.Sequential([*stack, *last], name="head")
        self._before_head = len(stack)

    def _build_head(self, input_shape):
        if not self.head.built:
            with stored_parts.made_under(self._made_under):
                self.head.build(input_shape)
        if self._head_is_given:
            stored_parts.check_outputs(self.head.output_shape, self.bits)

    def build(self, input_shape):
        if self.backbone is None:
            checks.rank("features", keras.KerasTensor(input_shape), 2, "Pass (n, channels).")
            self._build_head(input_shape)
        stored_parts.restore_layers(self)
        self.built = True

    def features(self, images: Tensor, training: bool = False) -> Tensor:
        """What the head takes, `(n, channels)`: the backbone's, or the input without one."""
        if self.backbone is None:
            return images
        return self.backbone(images, training=training and self.train_backbone)

    def call(self, images, training=False):
        return self.head(self.features(images, training), training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    @property
    def channels(self) -> int | None:
        """int, the number of features that the head takes; None before it is built."""
        return self.head.input_shape[-1] if self.head.built else None

    @property
    def method(self) -> str:
        """The method's name in `keras_hashing.methods.NAMES`."""
        return type(self).__name__.lower()

    def default_loss(self) -> Any:
        """The method's own loss, which `compile` takes when it is given none."""
        return MethodLoss()

    def item_losses(self, images, labels, outputs, training) -> Tensor:
        """The method's own loss before the mean over the batch.

        Args:
            images: the batch, as `fit` got it.
            labels: tensor `(batch,)`, `(batch, 1)` or multi-hot `(batch, classes)`; `None` where
                there are none.
            outputs: float tensor `(batch, bits)`, of these images.
            training: bool, whether it is a training step.

        Returns:
            Float tensor `(batch,)`.
        """
        loss = self.default_loss()
        if loss is None or isinstance(loss, MethodLoss):
            raise NotImplementedError(
                f"{type(self).__name__} must define `default_loss` or `item_losses`."
            )
        loss.reduction = "none"  # the values are wanted; `MethodLoss` makes the mean
        return loss.call(labels, outputs)

    def prepare(self, labels: ArrayLike) -> None:
        """Make what the method needs of the whole training set; `fit` does it first.

        Args:
            labels: array of all training labels, int `(n,)` or multi-hot `(n, classes)`.

        Raises:
            ValueError: labels that the method cannot train on, or that do not fit those it was
                prepared with before.
        """

    def finish(self, data: Any) -> None:
        """Measure what the method takes from its trained features; `fit` does it last.

        Args:
            data: `training_data.TrainingData`, what it was fitted to.
        """

    def order_for_prefixes(self):
        """Order the bits of what `prepare` made so that its first bits are good alone."""

    def share(self, longest):
        """Take the first bits of what a longer model of this method made; see `Nested`."""

    def fit(
        self, x: Any = None, y: Any = None, *args: Any, labels: ArrayLike = None, **kwargs: Any
    ) -> keras.callbacks.History:
        """As `keras.Model.fit`, with data in more forms and with labels of more kinds.

        Args:
            x: images, or features without a backbone, in any form that `keras_hashing.encode`
                takes; arrays and files are shuffled, other data comes in its own order.
            y: labels where `x` brings none: class numbers from 0 on, class names, or multi-hot
                rows of 0 and 1.
            labels: all training labels, for a method that needs them before the first step when
                `x` cannot be read for them, such as `dataset.repeat()` with `steps_per_epoch`.
            *args, **kwargs: the other arguments of `keras.Model.fit`.

        Returns:
            Keras' `History`.

        Raises:
            TypeError, ValueError: data or labels that the method cannot be trained on.
        """
        return fitting.fit(self, super().fit, x, y, labels, args, kwargs)

    def evaluate(self, x: Any = None, y: Any = None, batch_size=None, **kwargs: Any) -> Any:
        """As `keras.Model.evaluate`: the loss; data and labels in the forms that `fit` takes."""
        if not kwargs.get("_use_cached_eval_dataset"):  # Keras' own call, of what `fit` has fed it
            x, y = fitting.fed(self, x, y, batch_size)
        return super().evaluate(x, y, batch_size=None if y is None else batch_size, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if isinstance(self.loss, MethodLoss):
            y_pred = self.item_losses(x, y, y_pred, training)
            y = ops.zeros_like(y_pred)  # not used; Keras wants targets
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compile(self, optimizer: Any = "adamw", loss: Any = None, **kwargs: Any) -> None:
        """As `keras.Model.compile`; `loss=None` is the method's own loss."""
        super().compile(optimizer, self.default_loss() if loss is None else loss, **kwargs)

    def compile_from_config(self, config):
        # Keras skips this step for a class with its own `compile`.
        # Whether XLA compiles was settled for the machine and Keras backend that saved the model.
        config = {**keras.saving.deserialize_keras_object(config), "jit_compile": "auto"}
        self.compile(**config)
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def export(
        self, filepath: Path, format="tf_saved_model", verbose=None, input_signature=None, **kwargs
    ) -> None:
        """As `keras.Model.export`, trained or not: outputs of images of any size, or of features.

        In formats other than `"tf_saved_model"` images have the model's own size.
        `keras_hashing.export` writes what is served: codes, encoded files, checks, an index.
        """
        if input_signature is None:
            input_signature = model_input.signature(self, format == "tf_saved_model")
        super().export(filepath, format, verbose, input_signature, **kwargs)

    def save(self, filepath: Path, overwrite=True, zipped=None, **kwargs: Any) -> None:
        """As `keras.Model.save`; ValueError for what could not be loaded again, as a `.h5` file."""
        stored_parts.check_file(filepath)
        if self._head_is_given:
            stored_parts.check_head(self.head.layers[self._before_head :])
        super().save(filepath, overwrite, zipped, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = {
            "bits": self.bits,
            "backbone": stored_parts.backbone_config(self._backbone_config),
            "image_size": self.image_size,
            "train_backbone": self.train_backbone,
            "hidden": self.hidden,
            "dropout": self.dropout,
            "name": self.name,
            **stored_parts.dtype_config(self),
        }
        if isinstance(self.label_numbers, Classes) and not self.label_numbers.dense:
            config["label_values"] = list(self.label_numbers.values)
        if self._head_is_given:
            config["head"] = stored_parts.head_config(self.head.layers[self._before_head :])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "HashingModel":
        """A model of the same shape; its weights come from a file, so none are fetched."""
        return stored_parts.made_from(cls, config)
