"""Sources on their own; what `open_source` makes of every form is in test_batches.py."""

import numpy as np
import pytest

from keras_hashing.elements import Reader
from keras_hashing.source import Batch, Files, Items, Rows, Source, Stream

ROWS = np.arange(14.0).reshape(7, 2)


def test_rows_bring_labels_and_ids_along():
    source = Rows(ROWS, Reader(2, None, "features"), np.arange(7), list("abcdefg"))
    parts = list(source.batches(3))
    assert [len(part.inputs) for part in parts] == [3, 3, 1]
    assert parts[1].labels.tolist() == [3, 4, 5] and parts[1].ids == ["d", "e", "f"]
    np.testing.assert_array_equal(source.at(np.array([6, 0])), ROWS[[6, 0]])
    assert (source.steps(3), source.placed, source.readable_again) == (3, True, True)


def test_files_need_a_size():
    with pytest.raises(ValueError, match="does not say to which size"):
        next(Files(["a.png"], None).batches(2))
    assert list(Files([], None).batches(2)) == []


def test_items_and_streams():
    source = Items(list(ROWS), Reader(2, None, "features"))
    assert [batch.inputs.shape for batch in source.batches(4)] == [(4, 2), (3, 2)]
    stream = Stream(lambda: iter(ROWS), Reader(2, None, "features"), length=7)
    assert stream.steps(3) == 3  # it looks at the first element, which is not lost
    for _ in range(2):
        found = np.concatenate([batch.inputs for batch in stream.batches(3)])
        np.testing.assert_array_equal(found, ROWS)


def test_what_every_source_has():
    assert Source().steps(3) is None and len(Source()) == 0
    assert Batch(ROWS) == (ROWS, None, None)
    with pytest.raises(NotImplementedError):
        Source().batches(2)
    with pytest.raises(NotImplementedError):
        Source().at([0])
