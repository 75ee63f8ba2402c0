import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes
from keras_hashing.index.exact import tiles

GROUP = 4096  # rows


def example(count, bits, queries=3, seed=0):
    generator = np.random.default_rng(seed)
    packed = codes.pack(2 * generator.integers(0, 2, (count + queries, bits)) - 1)
    words = codes.words(packed)
    return words[:queries], np.ascontiguousarray(words[queries:].T)


def slow_minima(query_words, words, rows, keep=None):
    """Per query, the smallest distance of 16 rows after the other."""
    by_row = np.ascontiguousarray(words[:, :rows].T)
    bits = np.unpackbits((query_words[:, None] ^ by_row).view(np.uint8), axis=2)
    distances = bits.sum(axis=2, dtype=np.int64)
    if keep is not None:
        distances[:, ~keep[:rows]] = 255
    return distances.reshape(len(query_words), -1, 16).min(axis=2)


def by_run(minima, rows):
    """`(runs, groups, queries, lanes)` as `(queries, all runs by position)`."""
    used = minima[:, : rows // GROUP]
    return used.transpose(2, 1, 3, 0).reshape(minima.shape[2], -1)


@pytest.mark.parametrize("bits", [3, 33, 100, 256])
def test_minima(bits):
    query_words, words = example(8292, bits)
    copy = tiles.Tiles(bits)
    copy.cover(words)
    assert copy.rows == 8192
    minima = copy.minima(query_words)
    assert minima.dtype == (np.uint16 if bits > 254 else np.uint8)
    assert minima.shape == (16, 2, 3, 16)
    np.testing.assert_array_equal(by_run(minima, 8192), slow_minima(query_words, words, 8192))


def test_masked_rows_are_left_out_of_minima():
    query_words, words = example(4200, 40)
    keep = np.random.default_rng(1).random(4200) < 0.1
    keep[32:64] = False  # two runs without a row
    copy = tiles.Tiles(40)
    copy.cover(words)
    found = by_run(copy.minima(query_words, keep), 4096)
    np.testing.assert_array_equal(found, slow_minima(query_words, words, 4096, keep))
    assert (found[:, 2:4] == 255).all()


def test_growth_writes_new_rows_only(monkeypatch):
    query_words, words = example(40 * GROUP, 64, queries=1)
    copy = tiles.Tiles(64)
    copy.cover(words[:, : 33 * GROUP])
    memory, written = copy._memory, []
    write = copy._copy
    monkeypatch.setattr(
        copy, "_copy", lambda words, *rows: (written.append(rows), write(words, *rows))
    )
    copy.cover(words[:, : 33 * GROUP + 4095])
    assert not written
    copy.cover(words[:, : 34 * GROUP])
    assert written == [(33 * GROUP, 34 * GROUP)]
    assert copy._memory is memory
    expected = slow_minima(query_words, words, 34 * GROUP)
    np.testing.assert_array_equal(by_run(copy.minima(query_words), copy.rows), expected)
    copy.cover(words)
    assert copy._memory is not memory
    expected = slow_minima(query_words, words, 40 * GROUP)
    np.testing.assert_array_equal(by_run(copy.minima(query_words), copy.rows), expected)


def test_cut_rows_are_copied_again():
    query_words, words = example(3 * GROUP, 64)
    copy = tiles.Tiles(64)
    copy.cover(words)
    changed = words.copy()
    changed[:, 6000:] = words[:, 6000:][:, ::-1]
    copy.cut(6000)
    assert copy.rows == GROUP
    copy.cover(changed)
    expected = slow_minima(query_words, changed, 3 * GROUP)
    np.testing.assert_array_equal(by_run(copy.minima(query_words), copy.rows), expected)


def test_room_is_given_back():
    _, words = example(40 * GROUP, 64)
    copy = tiles.Tiles(64)
    copy.cover(words)
    assert copy._memory.shape[1] == 40
    copy.cut(5 * GROUP)
    copy.cover(words[:, : 5 * GROUP])
    assert copy._memory.shape[1] == 5


def test_capacities():
    """Sixteen in each doubling, never below what is asked, and at most 1/16 above it."""
    found = [tiles._capacity(groups) for groups in range(1, 1025)]
    assert found[:34] == [*range(1, 33), 34, 34]
    assert all(groups <= room <= groups * 17 / 16 for groups, room in enumerate(found, 1))
    assert len({room for room in found if room > 512}) == 16


def test_rows_need_not_lie_together():
    query_words, words = example(GROUP, 130)
    wide = np.zeros((3, 9000), np.uint64)
    wide[:, :GROUP] = words
    copy = tiles.Tiles(130)
    copy.cover(wide[:, :GROUP])
    np.testing.assert_array_equal(
        by_run(copy.minima(query_words), GROUP), slow_minima(query_words, words, GROUP)
    )


def test_where_it_works(monkeypatch):
    assert tiles.work(64)
    assert not tiles.work(513)

    def broken(*_, **__):
        raise tf.errors.UnimplementedError(None, None, "no XLA")

    tiles.work.cache_clear()
    monkeypatch.setattr(tf, "function", broken)
    assert not tiles.work(64)
    tiles.work.cache_clear()


def test_a_function_without_the_undocumented_call():
    double = tf.function(lambda x: 2 * x).get_concrete_function(tf.constant(0))
    (fast,) = tiles._flat(double)(tf.constant(21))
    (plain,) = tiles._flat(lambda x: double(x))(tf.constant(21))  # has no `inference_fn`
    assert int(fast) == int(plain) == 42
