import numpy as np
import pytest

from keras_hashing.photos import storage
from keras_hashing.photos.vectors import Vectors


def images(*values):
    return {str(value): np.full((16, 16, 3), value, np.float32) for value in values}


def written(vectors, path, digests):
    vectors.write(path, digests)
    return np.load(path)


def test_each_digest_finds_its_row(tmp_path, encoder):
    vectors = Vectors(tmp_path, encoder, None)
    vectors.encode(images(1, 2))
    vectors.encode(images(3))
    assert "2" in vectors and "4" not in vectors
    rows = written(vectors, tmp_path / "v.npy", ["3", "1", "2"])
    expected = encoder.vectors(np.stack(list(images(3, 1, 2).values())))
    np.testing.assert_array_equal(rows, expected)
    assert (vectors.encoded, vectors.resumed) == (3, 0)


def test_a_later_run_finds_what_was_kept(tmp_path, encoder):
    first = Vectors(tmp_path, encoder, None)
    first.encode(images(1, 2))
    first.keep()
    first.encode(images(3))  # not kept
    second = Vectors(tmp_path, encoder, None)
    assert (second.encoded, second.resumed) == (0, 2)
    assert "1" in second and "3" not in second
    np.testing.assert_array_equal(
        written(first, tmp_path / "a.npy", ["2", "1"]),
        written(second, tmp_path / "b.npy", ["2", "1"]),
    )


def test_rows_are_kept_by_themselves_after_so_many(tmp_path, encoder):
    vectors = Vectors(tmp_path, encoder, None)
    for start in range(0, 325, 25):
        vectors.encode(images(*range(start, start + 25)))
    kept = Vectors(tmp_path, encoder, None)
    assert kept.resumed == 2 * 150  # the first multiple of 25 that reaches 128, twice


def test_rows_of_another_model_are_not_taken(tmp_path, encoder, hashing_encoder):
    other = Vectors(tmp_path, hashing_encoder, None)
    other.encode(images(1))
    other.keep()
    assert "1" not in Vectors(tmp_path, encoder, None)


def test_a_damaged_checkpoint_is_left_alone(tmp_path, encoder):
    vectors = Vectors(tmp_path, encoder, None)
    vectors.encode(images(1))
    vectors.keep()
    (path,) = tmp_path.glob("pending-*.npz")
    path.write_bytes(path.read_bytes()[:50])
    assert storage.read_pending(tmp_path) == []
    assert "1" not in Vectors(tmp_path, encoder, None)


def test_nothing_to_encode_and_nothing_to_keep(tmp_path, encoder):
    vectors = Vectors(tmp_path, encoder, None)
    vectors.encode({})
    vectors.keep()
    assert not list(tmp_path.iterdir())
    assert encoder.count == 0


def test_an_unknown_digest_is_a_key_error(tmp_path, encoder):
    with pytest.raises(KeyError):
        Vectors(tmp_path, encoder, None).write(tmp_path / "v.npy", ["1"])
