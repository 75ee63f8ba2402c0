"""Retrieval quality while a model trains: `val_map` in the logs of every epoch."""

import keras
import numpy as np

from keras_hashing import checks, encoding, relevance
from keras_hashing.evaluation import evaluate


class RetrievalEvaluation(keras.callbacks.Callback):
    """Encodes queries and database at the end of an epoch and logs mean average precision.

    It writes into the logs that later callbacks see, so it comes before `ModelCheckpoint`,
    `EarlyStopping` and the like in the list (with `mode="max"`: more is better). Keras Tuner
    adds its own callbacks after yours: `keras_tuner.Objective("val_map", "max")`.

    Args:
        query: `ImageSet`, or tuple of images (as `keras_hashing.encode` takes them) and labels.
        database: the same, or None for the queries against themselves, each one's own image
            left out.
        at: ints; for each R, `val_map@R(hits)` is logged too.
        every: int, epochs between two evaluations.
        batch_size: int, images at a time.

    Raises:
        ValueError: a set without labels, queries against themselves of which no two share a
            label, or `every` below 1.
    """

    def __init__(self, query, database=None, at=(), every=1, batch_size=64):
        super().__init__()
        self.query = _images_and_labels("query", query)
        if database is None:
            _check_shared(self.query[1])
        self.database = None if database is None else _images_and_labels("database", database)
        self.at = tuple(at)
        self.every = checks.whole("every", every, 1, None)
        self.batch_size = batch_size

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        report = self.evaluate()
        if logs is not None:
            logs["val_map"] = report.map
            for cutoff, value in report.map_at_hits.items():
                logs[f"val_map@{cutoff}(hits)"] = value

    def evaluate(self):
        """Encode with the model as it is now; returns the `Report`."""
        codes = self._encode(self.query[0])
        settings = {"bits": getattr(self.model, "bits", None), "at": self.at}
        if self.database is None:
            ids = np.arange(len(codes))
            labels = self.query[1]
            return evaluate(
                codes,
                labels,
                codes,
                labels,
                query_ids=ids,
                database_ids=ids,
                exclude_self=True,
                **settings,
            )
        return evaluate(
            codes, self.query[1], self._encode(self.database[0]), self.database[1], **settings
        )

    def _encode(self, images):
        return encoding.encode(self.model, images, self.batch_size, verbose=False)


def _images_and_labels(name, given):
    """Images as `encode` takes them, and labels, of an `ImageSet` or a tuple."""
    if isinstance(given, (tuple, list)) and len(given) == 2:
        return given
    if getattr(given, "labels", None) is None:
        raise ValueError(
            f"`{name}` must be a labelled ImageSet or a tuple (images, labels); got {given!r}."
        )
    return (given.paths if given.images is None else given.images), given.labels


def _check_shared(labels):
    """Refuse queries of which none can find another, before an epoch is spent on them."""
    labels = relevance.labels("query", labels)
    counts = np.unique(labels, return_counts=True)[1] if labels.ndim == 1 else labels.sum(axis=0)
    if counts.max(initial=0) < 2:
        raise ValueError(
            f"no two of the {len(labels)} `query` images share a label, so none can find another. "
            "Hold out more images, or pass a `database`."
        )
