"""Retrieval in TensorBoard while a model trains: figures, curves, neighbours, bits, points."""

import dataclasses
from typing import Any

import keras
import numpy as np

from keras_hashing import checks, encoding, relevance
from keras_hashing.auditing import bit_columns
from keras_hashing.callbacks import embedding_projector, retrieval_images, watched_items
from keras_hashing.callbacks.pictures import Pictures
from keras_hashing.evaluation import evaluate
from keras_hashing.index import Index
from keras_hashing.types import Path


@dataclasses.dataclass
class _Encoded:
    """A set as an epoch left it: outputs `(n, bits)`, codes, labels, `Pictures`."""

    outputs: np.ndarray
    codes: np.ndarray
    labels: np.ndarray
    pictures: Pictures


class TensorBoardRetrieval(keras.callbacks.Callback):
    """Writes what retrieval looks like after each epoch, for `tensorboard --logdir`.

    Under `retrieval`: `map_expected`, `map_best`, `map_worst` and `precision_radius_2`, the
    precision-recall curve by Hamming radius, and a grid of queries with their nearest neighbours,
    green where a label is shared, red where none is. Under `bits`: `balance` (mean of twice the
    share of the rarer value, 1 is best), `dead` (bits that are the same for all images),
    `correlation` (mean size between two bits, 0 is best), and pictures of both. Under `outputs`:
    a histogram, a picture bit by bit, and `bimodality`, near 1 where outputs lie at two values,
    5/9 where they are spread evenly and 1/3 for a bell. When training ends, the outputs of the
    database go to the embedding projector.

    `val_map` is put into the logs, so it can stand in place of `RetrievalEvaluation`.

    Args:
        log_dir: str or path-like, a folder of its own.
        query: images with labels, in a form that `RetrievalEvaluation` takes. Features give no
            pictures of images. Of a dataset, whose images come in batches only, small pictures
            are kept, 12 KB each, of up to 20,000 images; of a larger one there are no pictures.
        database: the same, or None for the queries against themselves, each one's own image left
            out.
        every: int, epochs between two evaluations.
        rows, k: ints, queries of the grid and neighbours of each.
        points: int, database images in the projector, at most.
        batch_size: int, images at a time.

    Raises:
        ValueError: a set without labels, or a number below 1.

    Example:
        >>> from keras_hashing.methods import DHN
        >>> features = np.random.default_rng(0).normal(size=(40, 8)).astype("float32")
        >>> labels = np.arange(40) % 4
        >>> board = TensorBoardRetrieval("logs", (features, labels))
        >>> model = DHN(bits=8, backbone=None)
        >>> model.compile()
        >>> history = model.fit(features, labels, verbose=0, callbacks=[board]).history
        >>> len(history["val_map"])
        1

    Source: the bimodality coefficient (g^2 + 1) / kurtosis, of a column's skewness g, as in
    Knapp, "Bimodality Revisited", Journal of Modern Applied Statistical Methods 6(1), 2007; here
    without its correction for few items.
    """

    def __init__(
        self,
        log_dir: Path,
        query: Any,
        database: Any = None,
        every: int = 1,
        rows: int = 8,
        k: int = 10,
        points: int = 1000,
        batch_size: int = 64,
    ) -> None:
        super().__init__()
        self.log_dir = str(log_dir)
        self.query = watched_items.labelled("query", query)
        self.database = None
        if database is not None:
            database = watched_items.labelled("database", database)
            self.query, self.database = watched_items.comparable(self.query, database)
        self.every = checks.whole("every", every, 1, None)
        self.rows = checks.whole("rows", rows, 1, None)
        self.k = checks.whole("k", k, 1, None)
        self.points = checks.whole("points", points, 1, None)
        self.batch_size = checks.whole("batch_size", batch_size, 1, None)

    def on_train_begin(self, logs=None):
        import tensorflow as tf

        self._writer = tf.summary.create_file_writer(self.log_dir)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        query, database = self._encoded()
        report = self._evaluate(query, database)
        if logs is not None:
            logs["val_map"] = report.map
        with self._writer.as_default(step=epoch):
            _write_report(report)
            _write_bits(database)
            _write_outputs(database.outputs)
            self._write_neighbours(query, database)
        self._writer.flush()

    def on_train_end(self, logs=None):
        database = self._encoded()[1]
        places = _spread(len(database.labels), self.points)
        small = database.pictures.of(places, 32)
        embedding_projector.write(
            self.log_dir, database.outputs[places], database.labels[places], small
        )
        self._writer.close()

    def _encoded(self):
        """`_Encoded` queries and database, which are one where there is no database."""
        query = self._of("query", self.query)
        if self.database is None:
            query.labels, _ = watched_items.numbered(query.labels, query.labels)
            return query, query
        database = self._of("database", self.database)
        query.labels, database.labels = watched_items.numbered(query.labels, database.labels)
        return query, database

    def _of(self, name, given):
        pictures = Pictures(encoding.source_for(self.model, *given))
        outputs, labels = watched_items.encoded(
            name, self.model, given, self.batch_size, pictures.keep
        )
        return _Encoded(outputs, encoding.codes_of(self.model, outputs), labels, pictures)

    def _evaluate(self, query, database):
        ids = np.arange(len(query.outputs))
        own: dict[str, Any] = {"query_ids": ids, "database_ids": ids, "exclude_self": True}
        return evaluate(
            query.codes,
            query.labels,
            database.codes,
            database.labels,
            bits=query.outputs.shape[1],
            radius=min(2, query.outputs.shape[1]),
            **(own if self.database is None else {}),
        )

    def _write_neighbours(self, query, database):
        import tensorflow as tf

        rows = _spread(len(query.outputs), self.rows)
        pictures = query.pictures.of(rows)
        if pictures is None or database.pictures.of(rows[:0]) is None:
            return
        found = self._neighbours(query.codes[rows], database.codes, rows)
        right = relevance.relevance(query.labels[rows], database.labels)
        grid = retrieval_images.neighbour_grid(
            pictures,
            np.stack([database.pictures.of(row) for row in found]),
            np.take_along_axis(right, found, axis=1),
        )
        tf.summary.image("retrieval/neighbours", grid[None])

    def _neighbours(self, query_codes, database_codes, rows):
        """Places of the nearest database images, int64 `(rows, k)`; never the query's own."""
        alone = self.database is None
        index = Index(bits=8 * database_codes.shape[1])
        index.add(database_codes)
        k = min(self.k, len(index) - alone)
        found = index.search(query_codes, k=k + alone)[1]
        if not alone:
            return found
        others = found != rows[:, None]
        others[others.all(axis=1), -1] = False  # where ties hide the query itself
        return found[others].reshape(len(rows), k)


def bimodality(outputs):
    """Mean over bits of the bimodality coefficient; bits of one value are left out.

    Args:
        outputs: float `(n, bits)`, finite.

    Returns:
        Float in (0, 1]; NaN if every bit has one value.
    """
    centred = np.asarray(outputs, np.float64) - np.mean(outputs, axis=0, dtype=np.float64)
    variance = np.mean(centred**2, axis=0)
    live = variance > 1e-12
    if not live.any():
        return float("nan")
    standard = centred[:, live] / np.sqrt(variance[live])
    skewness, kurtosis = np.mean(standard**3, axis=0), np.mean(standard**4, axis=0)
    return float(np.mean((skewness**2 + 1) / kurtosis))


def _write_report(report):
    import tensorflow as tf

    tf.summary.scalar("retrieval/map_expected", report.map)
    tf.summary.scalar("retrieval/map_best", report.map_best)
    tf.summary.scalar("retrieval/map_worst", report.map_worst)
    tf.summary.scalar(f"retrieval/precision_radius_{report.radius}", report.precision_radius)
    tf.summary.experimental.write_raw_pb(_curve(report).SerializeToString(), None)


def _curve(report):
    """The curve as the plugin's summary: its thresholds rise, so radii fall."""
    from tensorboard.plugins.pr_curve import summary

    true, false = (np.cumsum(report.distances[kind])[::-1] for kind in ("relevant", "irrelevant"))
    return summary.raw_data_pb(
        "retrieval/pr_curve_by_radius",
        true_positive_counts=true,
        false_positive_counts=false,
        true_negative_counts=false[0] - false,
        false_negative_counts=true[0] - true,
        precision=report.pr_curve["precision"][::-1],
        recall=report.pr_curve["recall"][::-1],
        num_thresholds=report.bits + 1,
        description="Precision and recall within each Hamming radius, means over the queries.",
    )


def _write_bits(database):
    import tensorflow as tf

    bits, outputs = database.outputs.shape[1], database.outputs
    columns = bit_columns.pack_columns(database.codes, bits)
    shares = bit_columns.on_shares(columns, len(outputs))
    correlation, _ = bit_columns.correlation(columns, len(outputs))
    pairs = np.abs(correlation[~np.eye(bits, dtype=bool)])
    known = pairs[np.isfinite(pairs)]
    tf.summary.scalar("bits/balance", 2 * np.minimum(shares, 1 - shares).mean())
    tf.summary.scalar("bits/dead", int(((shares == 0) | (shares == 1)).sum()))
    if len(known):
        tf.summary.scalar("bits/correlation", known.mean())
    tf.summary.image("bits/shares", retrieval_images.share_figure(shares)[None])
    picture = retrieval_images.correlation_figure(correlation)
    tf.summary.image("bits/correlations", picture[None])


def _write_outputs(outputs):
    import tensorflow as tf

    tf.summary.histogram("outputs/all", outputs)
    tf.summary.scalar("outputs/bimodality", bimodality(outputs))
    tf.summary.image("outputs/by_bit", retrieval_images.output_figure(outputs)[None])


def _spread(count, most):
    """At most so many places below `count`, drawn at random, the same in each epoch."""
    return np.sort(np.random.default_rng(0).permutation(count)[:most])
