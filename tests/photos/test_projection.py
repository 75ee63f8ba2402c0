import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.photos import projection, storage

FEATURES = np.random.default_rng(0).normal(size=(40, 24)).astype(np.float16)


def digests(count):
    return [str(number) for number in range(count)]


def contents(projected, count, bits):
    """`PhotoContents` with what the projection needs of it."""
    return storage.PhotoContents(
        folder="/photos",
        bits=bits,
        model={},
        projection=projected.kind,
        digests=digests(count),
        fitted=projected.fitted,
        photos=[],
        unreadable=[],
        codes=projected.codes,
        weights=projected.weights,
    )


@pytest.mark.parametrize(
    ("current", "fitted", "new", "expected"),
    [
        # 5 bits: ITQ from 20 distinct photos on.
        (None, 0, 1, "superbit"),
        (None, 0, 19, "superbit"),
        (None, 0, 20, "itq"),
        ("superbit", 10, 9, None),  # fewer than half are new
        ("superbit", 9, 9, "superbit"),  # half are new
        ("superbit", 19, 1, "itq"),  # the limit is reached
        ("itq", 20, 19, None),
        ("itq", 20, 20, "itq"),  # doubled
        ("itq", 3, 2, None),  # shrunk
        ("itq", 3, 10, None),  # shrunk, then others came: stays until there are 20
        ("itq", 3, 17, "itq"),
    ],
)
def test_when_which_projection_is_fitted(current, fitted, new, expected):
    flags = [True] * fitted + [False] * new
    assert projection.due(current, flags, bits=5) == expected


@pytest.mark.parametrize(("count", "kind"), [(1, "superbit"), (19, "superbit"), (20, "itq")])
def test_stored_weights_give_the_same_codes(count, kind):
    made = projection.of_features(FEATURES[:count], digests(count), None, 5)
    assert made.kind == kind
    assert made.new
    assert made.fitted == [True] * count
    assert made.codes.shape == (count, 1)
    layer = projection.restore(kind, made.weights, 5, 24)
    outputs = np.asarray(layer(FEATURES[:count].astype("float32")))
    np.testing.assert_array_equal(made.codes, codes.pack(outputs))


def test_the_last_projection_stays_while_few_photos_are_new():
    first = projection.of_features(FEATURES[:25], digests(25), None, 5)
    second = projection.of_features(FEATURES, digests(40), contents(first, 25, 5), 5)
    assert not second.new
    assert second.fitted == [True] * 25 + [False] * 15
    np.testing.assert_array_equal(second.codes[:25], first.codes)
    third = projection.of_features(FEATURES[:10], digests(10), contents(second, 40, 5), 5)
    assert (third.kind, third.new) == ("itq", False)


def test_fitted_twice_is_the_same():
    first, second = (projection.of_features(FEATURES, digests(40), None, 5) for _ in range(2))
    np.testing.assert_array_equal(first.codes, second.codes)


def test_blocks_give_what_one_step_gives(monkeypatch):
    whole = projection.of_features(FEATURES, digests(40), None, 5)
    monkeypatch.setattr(projection, "_BLOCK", 7)
    blocks = projection.of_features(FEATURES, digests(40), None, 5)
    np.testing.assert_array_equal(whole.codes, blocks.codes)


def test_a_models_codes_are_taken_as_they_are():
    model_codes = np.array([[1, 2], [3, 0]], np.uint8)
    made = projection.of_codes(model_codes)
    np.testing.assert_array_equal(made.codes, model_codes)
    assert (made.kind, made.weights, made.new) == ("model", [], False)
