"""TensorFlow graphs that count pairs by distance, tile by tile, on a CPU or a GPU.

Each makes one integer a pair, or one for two pairs, and counts these integers: one count gives the
histograms of a whole tile of queries, and no matrix of all pairs is ever held.

What XLA compiles and what not is chosen by speed and by what a GPU can do. The count is faster
outside; a reshape inside keeps the compiler from vectorising. Outside, a GPU counts no bits of
uint64, so words are int64, and it has int32 in host memory for most operations, so int32 crosses
a reshape as float32 bits, and results are int64.
"""

import functools

import tensorflow as tf

QUERY_TILE = 64
OWN_TILE = 2_048


@functools.lru_cache(maxsize=64)
def by_grade(words, label_words, multi_hot, bits, grades, tile, weighted):
    """Graph that counts by distance and grade, the number of shared labels.

    Args:
        words, label_words: int, columns of codes and of labels.
        multi_hot: bool, labels are words with one bit a class.
        bits: int.
        grades: int, 1 + the largest grade.
        tile: int, database rows.
        weighted: bool, a row counts as often as its weight says.

    Returns:
        Function of int64 query words and labels `(64 n, columns)`, database words and labels
        `(tile, columns)` and int32 weights `(tile,)`, to int64 counts
        `(64 n, grades, bits + 1)`.
    """
    size = grades * (bits + 1)

    @tf.function(jit_compile=True)
    def bins(query, query_label, database, database_label):
        grade = tf.zeros((QUERY_TILE, tile), tf.int32)
        for word in range(label_words):
            one, other = query_label[:, word, None], database_label[None, :, word]
            if multi_hot:
                grade += _bit_count(tf.bitwise.bitwise_and(one, other))
            else:
                grade += tf.cast(tf.equal(one, other), tf.int32)
        rows = size * tf.range(QUERY_TILE)[:, None]
        return rows + grade * (bits + 1) + _distances(query, database)

    @tf.function(jit_compile=True)
    def repeated(weights):
        return tf.broadcast_to(weights[None], (QUERY_TILE, tile))

    label_spec, weight_spec = _spec(None, label_words), tf.TensorSpec((tile,), tf.int32)
    database_specs = _spec(tile, words), _spec(tile, label_words), weight_spec

    @tf.function(input_signature=[_spec(None, words), label_spec, *database_specs])
    def count(query_words, query_labels, database_words, database_labels, weights):
        tiles = tf.shape(query_words)[0] // QUERY_TILE
        counts = tf.TensorArray(tf.int64, tiles, element_shape=(QUERY_TILE, grades, bits + 1))
        each = repeated(weights) if weighted else None
        for i in tf.range(tiles):
            tf.autograph.experimental.set_loop_options(parallel_iterations=2)
            query, query_label = (
                _part(array, i * QUERY_TILE, QUERY_TILE) for array in (query_words, query_labels)
            )
            index = bins(query, query_label, database_words, database_labels)
            counts = counts.write(i, tf.cast(_counts(index, (grades, bits + 1), each), tf.int64))
        return counts.concat()

    return count.get_concrete_function()


@functools.lru_cache(maxsize=64)
def by_pairs(words, bits, tile):
    """Graph that counts two database rows at once, for labels with one class an item.

    All items are counted in bins of two distances, which halves the counts. Relevant items are
    counted among the rows of the queries' classes alone: few, with both sides sorted by class.

    Args:
        words: int, columns of codes.
        bits: int.
        tile: int, database rows, even.

    Returns:
        Function of int64 query words and labels `(64 n, columns)`, database words and labels
        `(tile + 2,048, columns)` and int32 bounds `(n, 2)`, the rows of the tile between which
        the classes of 64 queries lie. It gives int64 counts `(64 n, 2, bits + 1)`: the first
        `tile` rows, and the relevant rows from the first bound on to the second or beyond.
    """
    buckets, half = bits + 1, tile // 2

    @tf.function(jit_compile=True)
    def pair_bins(query, database):
        rows = buckets**2 * tf.range(QUERY_TILE)[:, None]
        near = _distances(query, database[:half])
        return rows + buckets * near + _distances(query, database[half:tile])

    @tf.function(jit_compile=True)
    def margins(counts):
        both = tf.reduce_sum(counts, axis=1) + tf.reduce_sum(counts, axis=2)
        return tf.cast(both, tf.int64)

    @tf.function(jit_compile=True)
    def own_bins(query, query_label, database, database_label):
        relevant = tf.equal(query_label[:, 0, None], database_label[None, :, 0])
        rows = 2 * buckets * tf.range(QUERY_TILE)[:, None]
        return rows + buckets * tf.cast(relevant, tf.int32) + _distances(query, database)

    height = tile + OWN_TILE
    query_specs, database_specs = ((_spec(n, words), _spec(n, 1)) for n in (None, height))
    bounds_spec = tf.TensorSpec((None, 2), tf.int32)

    @tf.function(input_signature=[*query_specs, *database_specs, bounds_spec])
    def count(query_words, query_labels, database_words, database_labels, bounds):
        tiles = tf.shape(query_words)[0] // QUERY_TILE
        counts = tf.TensorArray(tf.int64, tiles, element_shape=(QUERY_TILE, 2, buckets))
        for i in tf.range(tiles):
            tf.autograph.experimental.set_loop_options(parallel_iterations=2)
            query, query_label = (
                _part(array, i * QUERY_TILE, QUERY_TILE) for array in (query_words, query_labels)
            )
            total = margins(_counts(pair_bins(query, database_words), (buckets, buckets)))
            relevant = tf.zeros((QUERY_TILE, buckets), tf.int64)
            for start in tf.range(bounds[i, 0], bounds[i, 1], OWN_TILE):
                rows, labels = (
                    _part(array, start, OWN_TILE) for array in (database_words, database_labels)
                )
                own = _counts(own_bins(query, query_label, rows, labels), (2, buckets))
                relevant += tf.cast(own, tf.int64)[:, 1]
            counts = counts.write(i, tf.stack([total, relevant], axis=1))
        return counts.concat()

    return count.get_concrete_function()


def _distances(query, database):
    """int32 `(queries, rows)`; inside compiled functions only."""
    distances = tf.zeros((query.shape[0], database.shape[0]), tf.int32)
    for word in range(query.shape[1]):
        distances += _bit_count(
            tf.bitwise.bitwise_xor(query[:, word, None], database[None, :, word])
        )
    return distances


def _bit_count(words):
    return tf.cast(tf.raw_ops.PopulationCount(x=words), tf.int32)


def _counts(index, shape, weights=None):
    """int32 `(64, *shape)`, how often each integer of `index` occurs."""
    counts = tf.raw_ops.DenseBincount(
        input=_reshaped(index, (-1,)),
        size=QUERY_TILE * shape[0] * shape[1],
        weights=tf.zeros((0,), tf.int32) if weights is None else _reshaped(weights, (-1,)),
        binary_output=False,
    )
    return _reshaped(counts, (QUERY_TILE, *shape))


def _reshaped(array, shape):
    return tf.bitcast(tf.reshape(tf.bitcast(array, tf.float32), shape), tf.int32)


def _part(array, start, height):
    shape = (height, array.shape[1])
    return tf.ensure_shape(tf.slice(array, tf.stack([start, 0]), shape), shape)


def _spec(rows, columns):
    return tf.TensorSpec((rows, columns), tf.int64)
