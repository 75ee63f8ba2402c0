"""Decoded images through the model: the rows of a shard."""

import dataclasses

import numpy as np

from keras_hashing import checks, encoding
from keras_hashing.corpus.decoding import decoded

_FEW = 10  # images; where as many cannot be read and none can, the source itself has failed


@dataclasses.dataclass
class Rows:
    """What goes into one shard.

    Args:
        ids: int64 array `(n,)`, ascending places in the sorted list of the source.
        sources: list of `n` str.
        codes: uint8 array `(n, ceil(bits / 8))`.
        labels: int32 array `(n,)`, or None.
        features: float array `(n, channels)`, or None.
        broken: list of (id, source, reason) of the images that gave no code.
    """

    ids: np.ndarray
    sources: list
    codes: np.ndarray
    labels: np.ndarray | None = None
    features: np.ndarray | None = None
    broken: list = dataclasses.field(default_factory=list)


class Encoder:
    """A hashing model that takes parts of a source.

    Args:
        model: `keras.Model`, images to outputs, with `bits` and `image_size`.
        batch_size: int, images at a time; short batches are filled up, so that the model is traced
            once and an image's code does not depend on how many come with it.
        features: "float16", "float32" or None, in which form the backbone's features are kept. The
            backbone runs a second time for them, so that codes are those without features.
    """

    def __init__(self, model, batch_size, features=None):
        self.model = model
        self.batch_size = checks.whole("batch_size", batch_size, 1, None, "Use 64, for example.")
        self.features = features
        self._predict = encoding.Prediction(model.predict_on_batch, batch_size)
        if features is not None:
            backbone = model.backbone.predict_on_batch
            self._predict_features = encoding.Prediction(backbone, batch_size)

    def trace(self):
        """Run the model once, on nothing, so that this is not counted as encoding."""
        size = self.model.image_size
        self._outputs(np.zeros((1, size, size, 3), np.float32))

    def encode(self, parts):
        """Encode parts of a source.

        Args:
            parts: list of (first id, source).

        Yields:
            (images, rows) after each batch: how many images it had, and the `Rows` of a part
            that is done with it, else None.

        Raises:
            OSError, ValueError: the source fails, or the model gives NaN or infinity.
        """
        batches = []
        sources = [source for _, source in parts]
        for part, images, items in decoded(sources, self.model.image_size, self.batch_size):
            first, source = parts[part]
            batches.append((items, *self._outputs(images)))
            rows = None
            if sum(len(done[0]) for done in batches) == len(source):
                rows = self._rows(first, batches)
                batches = []
            yield len(items), rows

    def _outputs(self, images):
        """Codes and features (or None) of a batch."""
        outputs = self._predict(images)
        checks.finite("outputs", outputs, "Check the model's weights.")
        if self.features is None:
            return encoding.codes_of(self.model, outputs), None
        features = self._predict_features(images)
        with np.errstate(over="ignore"):
            features = features.astype(self.features)
        checks.finite("features", features, 'Keep them with `features="float32"`.')
        return encoding.codes_of(self.model, outputs), features

    def _rows(self, first, batches):
        items = [item for batch in batches for item in batch[0]]
        broken = [
            (first + place, item.name, item.problem)
            for place, item in enumerate(items)
            if item.problem is not None
        ]
        unread = sum(item.content is None for item in items)
        if unread == len(items) >= _FEW:
            raise OSError(
                f"the source cannot be read: none of {unread} images one after another, the first "
                f"{broken[0][1]}: {broken[0][2]} Mend it and run the same command again; what is "
                "finished is kept."
            )
        good = [place for place, item in enumerate(items) if item.problem is None]
        labels = [items[place].label for place in good]
        features = None
        if self.features is not None:
            features = np.concatenate([batch[2] for batch in batches])[good]
        return Rows(
            ids=first + np.array(good, np.int64),
            sources=[items[place].name for place in good],
            codes=np.concatenate([batch[1] for batch in batches])[good],
            labels=np.array(labels, np.int32) if labels and labels[0] is not None else None,
            features=features,
            broken=broken,
        )
