"""Retrieval in TensorBoard while a model trains: figures, curves, neighbours, bits, points."""

import keras
import numpy as np

from keras_hashing import checks, codes, encoding, relevance
from keras_hashing.auditing import bit_columns
from keras_hashing.callbacks import embedding_projector, retrieval_images, watched_items
from keras_hashing.evaluation import evaluate
from keras_hashing.index import Index


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
        query: labelled `ImageSet`, or tuple of images (array or list of paths; for a model of
            features an array `(n, channels)`, which gives no pictures of images) and labels.
        database: the same, or None for the queries against themselves, each one's own image left
            out.
        every: int, epochs between two evaluations.
        rows, k: ints, queries of the grid and neighbours of each.
        points: int, database images in the projector, at most.
        batch_size: int, images at a time.

    Raises:
        ValueError: a set without labels, or a number below 1.

    Source: the bimodality coefficient (g^2 + 1) / kurtosis, of a column's skewness g, as in
    Knapp, "Bimodality Revisited", Journal of Modern Applied Statistical Methods 6(1), 2007; here
    without its correction for few items.
    """

    def __init__(
        self, log_dir, query, database=None, every=1, rows=8, k=10, points=1000, batch_size=64
    ):
        super().__init__()
        self.log_dir = str(log_dir)
        self.query = _images_and_labels("query", query)
        self.database = None if database is None else _images_and_labels("database", database)
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
        query, database = self._outputs()
        report = self._evaluate(query, database)
        if logs is not None:
            logs["val_map"] = report.map
        with self._writer.as_default(step=epoch):
            _write_report(report)
            _write_bits(database)
            _write_outputs(database)
            self._write_neighbours(query, database)
        self._writer.flush()

    def on_train_end(self, logs=None):
        images, labels = self.query if self.database is None else self.database
        places = _spread(len(labels), self.points)
        small = retrieval_images.thumbnails(images, places, 32) if _pictured(images) else None
        outputs = self._outputs()[1][places]
        embedding_projector.write(self.log_dir, outputs, np.asarray(labels)[places], small)
        self._writer.close()

    def _outputs(self):
        """Outputs of queries and of the database, float32."""
        query = encoding.outputs(self.model, self.query[0], self.batch_size, verbose=False)
        if self.database is None:
            return query, query
        return query, encoding.outputs(self.model, self.database[0], self.batch_size, verbose=False)

    def _evaluate(self, query, database):
        alone, ids = self.database is None, np.arange(len(query))
        return evaluate(
            codes.pack(query),
            self.query[1],
            codes.pack(database),
            (self.database or self.query)[1],
            bits=query.shape[1],
            radius=min(2, query.shape[1]),
            **({"query_ids": ids, "database_ids": ids, "exclude_self": True} if alone else {}),
        )

    def _write_neighbours(self, query, database):
        import tensorflow as tf

        images, labels = self.database or self.query
        if not (_pictured(images) and _pictured(self.query[0])):
            return
        rows = _spread(len(query), self.rows)
        found = self._neighbours(codes.pack(query[rows]), codes.pack(database), rows)
        right = relevance.relevance(self.query[1][rows], labels)
        grid = retrieval_images.neighbour_grid(
            retrieval_images.thumbnails(self.query[0], rows),
            np.stack([retrieval_images.thumbnails(images, row) for row in found]),
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


def _write_bits(outputs):
    import tensorflow as tf

    bits = outputs.shape[1]
    columns = bit_columns.pack_columns(codes.pack(outputs), bits)
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


def _images_and_labels(name, given):
    images, labels = watched_items.given(given)
    if labels is None or not (hasattr(images, "shape") or isinstance(images, list)):
        raise ValueError(
            f"`{name}` must be a labelled ImageSet, or a tuple (images, labels) with an array "
            f"or a list of paths; got {type(given).__name__}."
        )
    return images, relevance.labels(f"labels of {name}", labels, len(images))


def _pictured(images):
    """Whether they are images and not features."""
    return isinstance(images, list) or len(images.shape) == 4


def _spread(count, most):
    """At most so many places below `count`, drawn at random, the same in each epoch."""
    return np.sort(np.random.default_rng(0).permutation(count)[:most])
