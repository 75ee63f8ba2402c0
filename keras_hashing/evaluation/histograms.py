"""How many database items, and how many relevant ones, lie at each distance of each query.

Every averaged metric follows from these two integer histograms (`metrics.py`). For each pair one
integer is made, `row * 2 * (bits + 1) + 2 * distance + relevant`, and one count of these gives
both histograms of a whole tile; no matrix of all pairs is ever held.
"""

import functools

import numpy as np

from keras_hashing.evaluation.plan import QUERY_TILE


def histograms(query_words, query_labels, database_words, database_labels, bits, plan):
    """Count pairs by distance.

    Args:
        query_words: uint64 `(queries, words)`, as `keras_hashing.codes.words` makes them.
        query_labels: int64 `(queries, 1)`, at least 0; or int64 label words
            `(queries, label_words)` with one bit a class.
        database_words: uint64 `(database, words)`.
        database_labels: int64 `(database, 1)`, -1 for a class that no query has; or label words.
        bits: int, code length; distances are 0 to `bits`.
        plan: `keras_hashing.evaluation.plan.Plan`.

    Returns:
        Tuple of int64 arrays `(queries, bits + 1)`: all items and relevant items.
    """
    count = _count_numpy if plan.kernel == "numpy" else _count_xla
    pairs = count(query_words, query_labels, database_words, database_labels, bits, plan)
    return pairs[:, 0::2] + pairs[:, 1::2], pairs[:, 1::2]


def _count_numpy(query_words, query_labels, database_words, database_labels, bits, plan):
    size = 2 * (bits + 1)
    counts = np.zeros((len(query_words), size), np.int64)
    for start in range(0, len(database_words), plan.database_tile):
        rows = slice(start, start + plan.database_tile)
        for query, (words, labels) in enumerate(zip(query_words, query_labels, strict=True)):
            distances = np.bitwise_count(database_words[rows] ^ words).sum(axis=1, dtype=np.int64)
            if plan.multi_hot:
                relevant = (database_labels[rows] & labels).any(axis=1)
            else:
                relevant = database_labels[rows, 0] == labels[0]
            counts[query] += np.bincount(2 * distances + relevant, minlength=size)
    return counts


def _count_xla(query_words, query_labels, database_words, database_labels, bits, plan):
    import tensorflow as tf

    queries = len(query_words)
    padding = 0 if plan.multi_hot else -1
    query_words = _padded(query_words.view(np.int64), QUERY_TILE, 0)
    query_labels = _padded(query_labels, QUERY_TILE, padding)
    spare = -len(database_words) % plan.database_tile
    count = _graph(query_words.shape[1], query_labels.shape[1], plan.multi_hot, bits, plan)
    counts = count(
        tf.constant(query_words),
        tf.constant(query_labels),
        tf.constant(_padded(database_words.view(np.int64), plan.database_tile, 0)),
        tf.constant(_padded(database_labels, plan.database_tile, padding)),
    ).numpy()[:queries]
    # A row of padding has code 0 and is relevant to nothing: take it out of the bin it fell into.
    own = np.bitwise_count(query_words[:queries].view(np.uint64)).sum(axis=1, dtype=np.int64)
    counts[np.arange(queries), 2 * own] -= spare
    return counts


def _padded(array, multiple, value):
    spare = -len(array) % multiple
    return np.pad(array, ((0, spare), (0, 0)), constant_values=value) if spare else array


@functools.lru_cache(maxsize=64)
def _graph(words, label_words, multi_hot, bits, plan):
    """The counting function for one width of codes; number of queries and rows are free."""
    import tensorflow as tf

    size, tile = 2 * (bits + 1), plan.database_tile

    # Only the bins are compiled: outside XLA the count is faster. Words are int64, because
    # outside XLA a GPU counts no bits of uint64. The result stays 2-D: a reshape in here
    # keeps the compiler from vectorising.
    @tf.function(jit_compile=True)
    def bins(query, query_label, database, database_label):
        distances = tf.zeros((QUERY_TILE, tile), tf.int32)
        for word in range(words):
            xor = tf.bitwise.bitwise_xor(query[:, word, None], database[None, :, word])
            distances += tf.cast(tf.raw_ops.PopulationCount(x=xor), tf.int32)
        if multi_hot:
            shared = tf.zeros((QUERY_TILE, tile), tf.bool)
            for word in range(label_words):
                both = tf.bitwise.bitwise_and(
                    query_label[:, word, None], database_label[None, :, word]
                )
                shared = tf.logical_or(shared, tf.not_equal(both, 0))
        else:
            shared = tf.equal(query_label[:, 0, None], database_label[None, :, 0])
        rows = size * tf.range(QUERY_TILE)[:, None]
        return rows + 2 * distances + tf.cast(shared, tf.int32)

    def spec(width):
        return tf.TensorSpec((None, width), tf.int64)

    @tf.function(input_signature=[spec(words), spec(label_words), spec(words), spec(label_words)])
    def count(query_words, query_labels, database_words, database_labels):
        tiles = tf.shape(query_words)[0] // QUERY_TILE
        results = tf.TensorArray(tf.int64, tiles, element_shape=(QUERY_TILE, size))
        for i in tf.range(tiles):
            query = _rows(query_words, i, QUERY_TILE)
            query_label = _rows(query_labels, i, QUERY_TILE)
            counts = tf.zeros((QUERY_TILE, size), tf.int64)
            for j in tf.range(tf.shape(database_words)[0] // tile):
                index = bins(
                    query,
                    query_label,
                    _rows(database_words, j, tile),
                    _rows(database_labels, j, tile),
                )
                tile_counts = tf.raw_ops.DenseBincount(
                    input=tf.reshape(index, (-1,)),
                    size=QUERY_TILE * size,
                    weights=tf.zeros((0,), tf.int32),
                    binary_output=False,
                )
                counts += tf.cast(tf.reshape(tile_counts, (QUERY_TILE, size)), tf.int64)
            results = results.write(i, counts)
        return results.concat()

    def _rows(array, number, height):
        start = tf.stack([number * height, 0])
        return tf.ensure_shape(
            tf.slice(array, start, (height, array.shape[1])), (height, array.shape[1])
        )

    return count
