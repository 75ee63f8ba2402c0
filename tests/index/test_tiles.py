import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes
from keras_hashing.index import tiles

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


def by_run(minima):
    """`(tiles, queries, lanes)` as `(queries, all runs by position)`."""
    return minima.transpose(1, 0, 2).reshape(minima.shape[1], -1)


@pytest.mark.parametrize("bits", [3, 33, 100, 256])
def test_minima(bits):
    query_words, words = example(8292, bits)
    copy = tiles.Tiles(bits)
    copy.cover(words)
    assert copy.rows == 8192
    minima = copy.minima(query_words)
    assert minima.dtype == (np.uint16 if bits > 254 else np.uint8)
    assert minima.shape == (32, 3, 16)
    np.testing.assert_array_equal(by_run(minima), slow_minima(query_words, words, 8192))


def test_masked_rows_are_left_out_of_minima():
    query_words, words = example(4200, 40)
    keep = np.random.default_rng(1).random(4200) < 0.1
    keep[32:64] = False  # two runs without a row
    copy = tiles.Tiles(40)
    copy.cover(words)
    found = by_run(copy.minima(query_words, keep))
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
    copy.cover(words[:, : 36 * GROUP])
    assert written == [(33 * GROUP, 36 * GROUP)]
    assert copy._memory is memory
    expected = slow_minima(query_words, words, 36 * GROUP)
    np.testing.assert_array_equal(by_run(copy.minima(query_words)), expected)
    copy.cover(words)
    assert copy._memory is not memory
    expected = slow_minima(query_words, words, 40 * GROUP)
    np.testing.assert_array_equal(by_run(copy.minima(query_words)), expected)


def test_cut_rows_are_copied_again():
    query_words, words = example(3 * GROUP, 64)
    copy = tiles.Tiles(64)
    copy.cover(words)
    changed = words.copy()
    changed[:, 6000:] = words[:, 6000:][:, ::-1]
    copy.cut(6000)
    assert copy.rows == GROUP
    assert len(copy.minima(query_words)) == 16
    copy.cover(changed)
    expected = slow_minima(query_words, changed, 3 * GROUP)
    np.testing.assert_array_equal(by_run(copy.minima(query_words)), expected)


def test_room_is_given_back():
    _, words = example(40 * GROUP, 64)
    copy = tiles.Tiles(64)
    copy.cover(words)
    assert len(copy._memory) == 40 * 16
    copy.cut(5 * GROUP)
    copy.cover(words[:, : 5 * GROUP])
    assert len(copy._memory) == 5 * 16


def test_capacities():
    """Eight in each doubling, never below what is asked, and at most 1/8 above it."""
    found = [tiles._capacity(groups) for groups in range(1, 1025)]
    assert found[:17] == [*range(1, 17), 18]
    assert all(groups <= room <= groups * 9 / 8 for groups, room in enumerate(found, 1))
    assert len({room for room in found if room > 512}) == 8


def test_rows_need_not_lie_together():
    query_words, words = example(GROUP, 130)
    wide = np.zeros((3, 9000), np.uint64)
    wide[:, :GROUP] = words
    copy = tiles.Tiles(130)
    copy.cover(wide[:, :GROUP])
    np.testing.assert_array_equal(
        by_run(copy.minima(query_words)), slow_minima(query_words, words, GROUP)
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
