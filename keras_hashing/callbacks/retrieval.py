"""Retrieval quality while a model trains: `val_map` in the logs of every epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_hashing import checks, encoding
from keras_hashing.batches import open_source
from keras_hashing.callbacks import watched_items
from keras_hashing.classes import Classes
from keras_hashing.evaluation import evaluate

if TYPE_CHECKING:
    from keras_hashing.evaluation import Report


class RetrievalEvaluation(keras.callbacks.Callback):
    """Encodes queries and database at the end of an epoch and logs mean average precision.

    It writes into the logs that later callbacks see, so it comes before `ModelCheckpoint`,
    `EarlyStopping` and the like in the list (with `mode="max"`: more is better). Keras Tuner
    adds its own callbacks after yours: `keras_tuner.Objective("val_map", "max")`.

    Args:
        query: images with labels: an `ImageSet`, a Dataset or `PyDataset` of (images, labels), a
            folder with a sub-folder for each class; or a tuple of images (as
            `keras_hashing.encode` takes them) and labels. A Dataset's own labels are taken.
        database: the same, or None for the queries against themselves, each one's own image
            left out.
        at: int or ints; for each R, `val_map@R(hits)` is logged too.
        every: int, epochs between two evaluations.
        batch_size: int, images at a time.

    Raises:
        ValueError: a set without labels, queries against themselves of which no two share a
            label, or `every` below 1.

    Example:
        >>> from keras_hashing.methods import DHN
        >>> features = np.random.default_rng(0).normal(size=(40, 8)).astype("float32")
        >>> labels = np.arange(40) % 4
        >>> watch = RetrievalEvaluation((features[:10], labels[:10]), (features, labels))
        >>> model = DHN(bits=8, backbone=None)
        >>> model.compile()
        >>> history = model.fit(features, labels, epochs=2, verbose=0, callbacks=[watch]).history
        >>> len(history["val_map"])
        2
    """

    def __init__(
        self,
        query: Any,
        database: Any = None,
        at: Sequence[int] = (),
        every: int = 1,
        batch_size: int = 64,
    ) -> None:
        super().__init__()
        self.query = watched_items.labelled("query", query)
        self.database = None
        if database is not None:
            database = watched_items.labelled("database", database)
            self.query, self.database = watched_items.comparable(self.query, database)
        known = open_source(*self.query).labels
        if database is None and known is not None:
            _check_shared(known)
        self.at = checks.cutoffs("at", (at,) if isinstance(at, int) else at)
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

    def evaluate(self) -> "Report":
        """Encode with the model as it is now; returns the `Report`."""
        settings: dict[str, Any] = {"bits": getattr(self.model, "bits", None), "at": self.at}
        codes, labels = self._encode("query", self.query)
        if self.database is not None:
            database, database_labels = self._encode("database", self.database)
            labels, database_labels = watched_items.numbered(labels, database_labels)
            return evaluate(codes, labels, database, database_labels, **settings)
        labels, _ = watched_items.numbered(labels, labels)
        _check_shared(labels)
        ids = np.arange(len(codes))
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

    def _encode(self, name, given):
        outputs, labels = watched_items.encoded(name, self.model, given, self.batch_size)
        return encoding.codes_of(self.model, outputs), labels


def _check_shared(labels):
    """Refuse queries of which none can find another, before an epoch is spent on them."""
    labels = Classes.of(labels).numbers(labels)
    counts = np.unique(labels, return_counts=True)[1] if labels.ndim == 1 else labels.sum(axis=0)
    if counts.max(initial=0) < 2:
        raise ValueError(
            f"no two of the {len(labels)} `query` images share a label, so none can find another. "
            "Hold out more images, or pass a `database`."
        )
