"""Queries and database from objects, dicts and files."""

import types

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.evaluation import sides

QUERY, ITEMS = np.array([[0]], np.uint8), np.array([[0], [1], [2], [3]], np.uint8)
LABELS = [0, 0, 1, 0]
WANTED = 31 / 36  # by hand: distances 0, 1, 1, 2; the third is not relevant


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def both(**changes):
    arrays = {
        "query_codes": QUERY,
        "query_labels": [0],
        "database_codes": ITEMS,
        "database_labels": LABELS,
    }
    return arrays | changes


FORMS = {
    "objects": lambda path: (
        types.SimpleNamespace(codes=QUERY, labels=[0]),
        types.SimpleNamespace(codes=ITEMS, labels=LABELS, bits=2),
    ),
    "dicts": lambda path: (
        {"codes": QUERY, "labels": [0]},
        {"codes": ITEMS, "labels": LABELS, "bits": 2},
    ),
    "an object with both": lambda path: (types.SimpleNamespace(**both(bits=2)),),
    "a dict with both": lambda path: (both(bits=2),),
    "a file with both": lambda path: (npz(path / "codes.npz", **both(bits=2)),),
    "files": lambda path: (
        npz(path / "q.npz", codes=QUERY, labels=[0], names=np.array([None])),
        str(npz(path / "d.npz", codes=ITEMS, labels=LABELS, bits=2)),
    ),
    "an open file": lambda path: (
        np.load(npz(path / "q.npz", codes=QUERY, labels=[0])),
        {"codes": ITEMS, "labels": LABELS, "bits": 2},
    ),
    "parts of objects with both": lambda path: (both(database_codes=None), both(bits=2)),
    "arrays": lambda path: (QUERY, [0], ITEMS, LABELS),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_give_one_figure(form, tmp_path):
    report = kh.evaluate(*FORMS[form](tmp_path))
    assert report.map == pytest.approx(WANTED)
    assert report.bits == (8 if form == "arrays" else 2)


def test_ids_of_the_objects_are_used():
    items = {"codes": ITEMS, "labels": LABELS, "ids": ["a", "b", "c", "d"]}
    queries = {"codes": QUERY, "labels": [0], "ids": [b"a"]}
    report = kh.evaluate(queries, items, bits=2, exclude_self=True)
    # Distances 1, 1, 2 are left, the second not relevant: (1/2 (1 + 1/2) + 2/3) / 2.
    assert report.map == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert report.own_left_out == 1
    # Ids that are given go before those that are held.
    with pytest.raises(ValueError, match="found none of the 1 queries' ids"):
        kh.evaluate(queries, items, bits=2, exclude_self=True, query_ids=["x"])


def test_what_the_zoo_holds_of_an_entry():
    from keras_hashing.zoo.stored_codes import Codes

    held = Codes(**both(), query_ids=np.array(["a"]), database_ids=np.array(list("abcd")))
    assert kh.evaluate(held, bits=2).map == pytest.approx(WANTED)
    assert kh.evaluate(held, held, bits=2).map == pytest.approx(WANTED)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ((QUERY, [0]), TypeError, r"`queries` has no `codes`; got ndarray of shape \(1, 1\). Pass"),
        ((QUERY,), TypeError, r"`queries` has no `query_codes`; got ndarray"),
        ((QUERY, [0], ITEMS), TypeError, "queries and database are not complete. Pass"),
        (({"codes": QUERY},), TypeError, "no `query_codes`; got dict with 'codes'"),
        (({"codes": QUERY}, {}), ValueError, "`queries` has no `labels`, which"),
        (
            ({"codes": QUERY, "labels": [0]}, {"labels": [0]}),
            TypeError,
            "`database` has no `codes`; got dict with 'labels'",
        ),
        ((both(query_labels=None),), ValueError, "has no `query_labels`"),
        ((both(bits=2), both(bits=3)), ValueError, "codes of 3 bits, and not 2. Encode"),
        (("missing.npz", both()), FileNotFoundError, "`queries`: no file missing.npz"),
        ((both(), __file__), ValueError, "is no .npz. Open the folder of a corpus"),
    ],
)
def test_what_is_refused(given, error, words):
    with pytest.raises(error, match=words):
        kh.evaluate(*given)


def test_files_that_cannot_be_read(tmp_path):
    pickled = npz(tmp_path / "a.npz", codes=np.array([None]), labels=[0])
    with pytest.raises(ValueError, match="cannot be read: Object arrays"):
        kh.evaluate(pickled, both())
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ValueError, match=r"b.npz cannot be read"):
        kh.evaluate(tmp_path / "b.npz", both())


def test_four_arrays_pass_as_they_are():
    given = (QUERY, [0], ITEMS, LABELS)
    arrays, settings = sides.arguments(given, 2, [5], None)
    assert all(one is other for one, other in zip(arrays, given, strict=True))
    assert settings == {"bits": 2, "query_ids": [5], "database_ids": None}
