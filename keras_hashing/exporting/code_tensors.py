"""Codes inside a TensorFlow graph: packing, text forms and exact search, with standard ops only.

The bit order is that of `keras_hashing.codes`: bit j is bit `j % 8` (lowest first) of byte
`j // 8`, padding bits 0.
"""

import numpy as np
import tensorflow as tf

from keras_hashing import codes as packed


def pack(outputs, bits):
    """Pack outputs into codes.

    Args:
        outputs: float tensor `(n, bits)`, bit = (output >= 0).
        bits: int, the code length.

    Returns:
        uint8 tensor `(n, ceil(bits / 8))`.
    """
    width = -(-bits // 8)
    on = tf.pad(tf.cast(outputs >= 0, tf.int32), [[0, 0], [0, 8 * width - bits]])
    places = tf.constant([1, 2, 4, 8, 16, 32, 64, 128], tf.int32)
    return tf.cast(tf.reduce_sum(tf.reshape(on, [-1, width, 8]) * places, axis=-1), tf.uint8)


def to_bytes(codes):
    """Codes, uint8 `(n, bytes)`, as raw byte strings `(n,)`."""
    return _join(codes, [bytes([value]) for value in range(256)])


def to_hex(codes):
    """Codes, uint8 `(n, bytes)`, as hexadecimal strings `(n,)`, two digits a byte, in order."""
    return _join(codes, [b"%02x" % value for value in range(256)])


def searcher(database_codes, ids, k):
    """An exact search over codes that are kept as variables.

    Results are ordered by (distance, position in the database), as `keras_hashing.Index` does;
    with fewer than `k` items the rest is -1.

    Args:
        database_codes: uint8 array `(items, bytes)`.
        ids: int64 array `(items,)`.
        k: int, results per query.

    Returns:
        Function from codes, uint8 `(n, bytes)`, to a dict of `distances`, int32 `(n, k)`, and
        `ids`, int64 `(n, k)`; and the list of variables that it reads.
    """
    words = tf.Variable(packed.words(database_codes).view(np.int64), trainable=False, name="codes")
    id_of = tf.Variable(np.asarray(ids, np.int64), trainable=False, name="ids")
    found = min(k, len(database_codes))
    fill = [[0, k - found]]

    def one_query(query):
        differing = tf.bitwise.bitwise_xor(words, query[None])
        ones = tf.cast(tf.raw_ops.PopulationCount(x=differing), tf.int32)
        # top_k puts the lower position first among equal values.
        negated, positions = tf.math.top_k(-tf.reduce_sum(ones, axis=-1), found)
        nearest = tf.gather(id_of, positions)
        return tf.pad(-negated, fill, constant_values=-1), tf.pad(nearest, fill, constant_values=-1)

    def search(codes):
        distances, nearest = tf.map_fn(
            one_query,
            _words(codes),
            parallel_iterations=1,  # one query's distances in memory at a time
            fn_output_signature=(
                tf.TensorSpec([k], tf.int32),
                tf.TensorSpec([k], tf.int64),
            ),
        )
        return {"distances": distances, "ids": nearest}

    return search, [words, id_of]


def _join(codes, texts):
    return tf.strings.reduce_join(tf.gather(tf.constant(texts), tf.cast(codes, tf.int32)), axis=-1)


def _words(codes):
    """As `codes.words`, but int64: the bits are the same, and more kernels take it."""
    width = codes.shape[1]
    words = -(-width // 8)
    padded = tf.pad(codes, [[0, 0], [0, 8 * words - width]])
    return tf.bitcast(tf.reshape(padded, [-1, words, 8]), tf.int64)
