"""One model for many code lengths: every prefix of its code is a code. A method of this package.

The idea of nested representations is from Kusupati et al., "Matryoshka Representation Learning",
NeurIPS 2022; for codes, and for any hashing method, it is ours.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_hashing import checks
from keras_hashing.methods import stored_parts
from keras_hashing.methods.hashing_model import HashingModel

# What the shorter lengths do not have, or only have by the longest one's.
_OF_THE_WHOLE = ("backbone", "image_size", "dtype", "layer_states")


class PrefixHead(keras.layers.Layer):
    """The first outputs of a longer model's head, whose weights it shares."""

    def __init__(self, head, bits):
        super().__init__(dtype="float32")
        self.whole = head
        self.bits = bits
        self.built = True

    def call(self, features, training=False):
        return self.whole(features, training=training)[:, : self.bits]


@keras.saving.register_keras_serializable(package="keras_hashing", name="Nested")
class Nested(HashingModel):
    """A method trained at several lengths at once, one being the beginning of the next.

    Its loss is the mean of the method's own losses at every length, each on the first outputs
    of one and the same head; centres and target codes of the shorter lengths are beginnings of the
    longest's. Encode once with the longest, and cut: `keras_hashing.codes.prefix(codes, 64, 32)`
    is the 32-bit code. `prefix(32)` gives an ordinary model of the method.

    Args:
        method: class of this package, such as `keras_hashing.methods.DHN`, or its name in
            `keras_hashing.methods.NAMES`; one that trains by `fit`, but
            for `Mixed`.
        bits: ints, the lengths, each at least 1, in any order.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        **kwargs: the method's own arguments, and those of `HashingModel`.

    Attributes:
        bits: int, the longest length, that of the outputs.
        lengths: tuple of ints, ascending.

    Raises:
        TypeError: `method` is no such class, or `bits` holds something else than whole numbers.
        ValueError: an unknown name, fewer than two lengths, or an argument that the method refuses.

    Example:
        >>> from keras_hashing.methods import DHN
        >>> Nested(DHN, bits=(16, 32), backbone=None).lengths
        (16, 32)

    Source: see the module; each loss is that of the method's paper.
    """

    nests = False

    def __init__(
        self,
        method: str | type[HashingModel],
        bits: Sequence[int] = (16, 32, 48, 64),
        backbone: str | keras.Model | None = "efficientnet_lite0",
        **kwargs: Any,
    ) -> None:
        lengths = sorted({checks.bits(length) for length in checks.cutoffs("bits", bits)})
        if len(lengths) < 2:
            raise ValueError(f"`bits` must hold two lengths or more; got {tuple(bits)}.")
        method_class = _class_of(method)
        name = kwargs.pop("name", None)
        super().__init__(lengths[-1], backbone=None, head=[], name=name)
        self.lengths = tuple(lengths)
        self.longest = method_class(bits=lengths[-1], backbone=backbone, **kwargs)
        self.supervised = self.longest.supervised
        self.needs_labels = self.longest.needs_labels
        self.reads_again = self.longest.reads_again
        self.backbone = self.longest.backbone
        self.image_size = self.longest.image_size
        self.head = self.longest.head
        self.shorter = [self._part(method_class, length, kwargs) for length in lengths[:-1]]
        self.built = self.longest.built

    def _part(self, method_class, length, arguments):
        """A model of a shorter length that computes losses with this one's backbone and head."""
        left_out = ("image_size", "pretrained")
        arguments = {key: value for key, value in arguments.items() if key not in left_out}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*without a backbone")
            part = method_class(bits=length, backbone=None, name=f"first_{length}", **arguments)
        part._head_is_given = False
        part.backbone = self.longest.backbone
        part.head = PrefixHead(self.longest.head, length)
        part.built = self.longest.built
        return part

    @property
    def parts(self):
        """The models whose losses are averaged, by ascending length."""
        return [*self.shorter, self.longest]

    def build(self, input_shape):
        if not self.longest.built:
            self.longest.build(input_shape)
        for part in self.shorter:
            part.built = True
        stored_parts.restore_layers(self)
        self.built = True

    def call(self, images, training=False):
        return self.longest(images, training=training)

    def quantize(self, *args, **kwargs):
        """As `keras.Model.quantize`: the longest's layers, which all lengths share."""
        self.longest.quantize(*args, **kwargs)
        self.train_function = self.test_function = self.predict_function = None

    def prepare(self, labels):
        self.longest.prepare(labels)
        self.longest.order_for_prefixes()
        for part in self.shorter:
            part.prepare(labels)
        self._share()

    def finish(self, data):
        self.longest.finish(data)
        self._share()

    def _share(self):
        """Give the shorter lengths the beginnings of what the longest has made."""
        for part in self.shorter:
            part.share(self.longest)

    def item_losses(self, images, labels, outputs, training):
        values = [
            part.item_losses(images, labels, outputs[:, : part.bits], training)
            for part in self.parts
        ]
        return ops.mean(ops.stack(values), axis=0)

    def prefix(self, bits: int) -> keras.Model:
        """An ordinary model of the method with the first bits, its weights copied.

        Args:
            bits: int, one of `lengths`.

        Returns:
            The method's `HashingModel`, not compiled.

        Raises:
            ValueError: a length that it was not trained for.
        """
        checks.one_of("bits", bits, self.lengths)
        if self.longest._head_is_given:
            raise ValueError(
                "`prefix` cannot cut a `head` of your own. Encode with the whole model, and cut "
                "the codes by `keras_hashing.codes.prefix`."
            )
        part = next(part for part in self.parts if part.bits == bits)
        whole = self.longest.get_config()
        # What the shorter part adds to its configuration, as a class count, is its own.
        config = {**whole, **part.get_config(), "name": whole["name"], "bits": bits}
        config.pop("layer_states", None)
        config |= {key: whole[key] for key in _OF_THE_WHOLE if key in whole}
        model = type(part).from_config(config)
        if not model.built:
            model.build(self.longest.head.input_shape)
        if self.backbone is not None:
            model.backbone.set_weights(self.backbone.get_weights())
        for target, source in zip(model.head.weights, self.head.weights, strict=True):
            kept = tuple(slice(0, size) for size in target.shape)
            target.assign(ops.convert_to_numpy(source)[kept])
        for target, source in zip(_state(model), _state(part), strict=True):
            target.assign(ops.convert_to_numpy(source))  # a copy, on every Keras backend
        return model

    def get_config(self) -> dict[str, Any]:
        return {
            **self.longest.get_config(),
            "method": self.longest.method,
            "bits": list(self.lengths),
            "name": self.name,
        }


def _class_of(method):
    if isinstance(method, str):
        from keras_hashing import methods

        method = methods.get(method)
    if not (isinstance(method, type) and issubclass(method, HashingModel) and method.nests):
        raise TypeError(
            "`method` must be a class of `keras_hashing.methods` that trains all of its bits by "
            f"`fit`, or its name; got {method!r}. Pass for example keras_hashing.methods.DHN."
        )
    return method


def _state(model):
    """Weights beside backbone and head: centres, class layers, banks."""
    others = {
        id(weight) for part in (model.backbone, model.head) if part for weight in part.weights
    }
    return [weight for weight in model.weights if id(weight) not in others]
