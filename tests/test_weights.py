import hashlib
import json
import struct

import keras
import numpy as np
import pytest
import safetensors.numpy

from keras_hashing import files, weights


def small_model(units=3, seed=0):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((4,), name="features")
    hidden = keras.layers.Dense(5, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(units, name="hash")(hidden), name="small")


def values(model):
    return {variable.path: np.array(variable.numpy()) for variable in model.weights}


def same(model, expected):
    found = values(model)
    return found.keys() == expected.keys() and all(
        np.array_equal(found[key], expected[key]) for key in found
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    weights.save(small_model(), path)
    return path


@pytest.fixture
def refused(path):
    """Function that loads the file into another model and returns the error's text."""

    def load(**arguments):
        model = small_model(seed=1)
        before = values(model)
        with pytest.raises(ValueError) as caught:
            weights.load(model, path, **arguments)
        assert same(model, before), "something was assigned"
        return str(caught.value)

    return load


def rewrite(path, change):
    arrays = dict(safetensors.numpy.load(path.read_bytes()))
    change(arrays)
    safetensors.numpy.save_file(arrays, path)


def test_round_trip(tmp_path):
    model, other = small_model(), small_model(seed=1)
    digest = weights.save(model, tmp_path / "m.safetensors")
    assert digest == files.sha256(tmp_path / "m.safetensors")
    assert not same(other, values(model))
    weights.load(other, tmp_path / "m.safetensors", sha256=digest)
    assert same(other, values(model))


def test_half_stores_the_named_layers_as_float16(tmp_path):
    model, other = small_model(), small_model(seed=1)
    path = tmp_path / "m.safetensors"
    weights.save(model, path, half=("hidden",))
    stored = safetensors.numpy.load(path.read_bytes())
    assert {key: array.dtype.name for key, array in stored.items()} == {
        "hidden/kernel": "float16",
        "hidden/bias": "float16",
        "hash/kernel": "float32",
        "hash/bias": "float32",
    }
    weights.load(other, path)
    expected = values(model)
    expected["hidden/kernel"] = expected["hidden/kernel"].astype("float16").astype("float32")
    assert same(other, expected)


def test_values_that_are_not_finite_are_not_saved(tmp_path):
    model = small_model()
    model.get_layer("hash").bias.assign([0.0, np.inf, 0.0])
    with pytest.raises(ValueError, match="'hash/bias' holds NaN or infinity; it is not saved"):
        weights.save(model, tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_weights_of_one_path_are_not_saved(tmp_path):
    one = keras.layers.Dense(2, name="same")
    other = keras.layers.Dense(2, name="same")
    inputs = keras.Input((2,))
    branch = keras.Sequential([other], name="branch")
    model = keras.Model(inputs, one(inputs) + branch(inputs))
    other.kernel._path = one.kernel.path
    with pytest.raises(ValueError, match="two weights have the path 'same/kernel'"):
        weights.save(model, tmp_path / "m.safetensors")


@pytest.mark.parametrize("place", [-1, 8, 40])
def test_one_bit_flipped_is_seen_before_parsing(path, refused, place):
    digest = files.sha256(path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    text = refused(sha256=digest)
    assert "damaged or was changed" in text
    assert digest in text


def test_header_that_claims_ten_gigabytes(path, refused):
    path.write_bytes(struct.pack("<Q", 10 * 2**30) + path.read_bytes()[8:])
    assert "is not a whole safetensors file" in refused()


def test_tensor_that_claims_ten_gigabytes(path, refused):
    header = {"hash/bias": {"dtype": "F32", "shape": [2**31], "data_offsets": [0, 2**33]}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 16)
    assert "is not a whole safetensors file" in refused()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.99])
def test_truncated_file(path, refused, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "is not a whole safetensors file" in refused()


def test_one_byte_missing_or_too_many(path, refused):
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert "is not a whole safetensors file" in refused()
    path.write_bytes(data + b"\0")
    assert "is not a whole safetensors file" in refused()


def test_text_in_place_of_the_file(path, refused):
    path.write_text("not weights at all, but long enough for a header\n")
    assert "is not a whole safetensors file" in refused()


def test_extra_tensor(path, refused):
    rewrite(path, lambda arrays: arrays.update(extra=np.zeros(2, "float32")))
    assert "missing nothing, left over ['extra']" in refused()


def test_missing_tensor(path, refused):
    rewrite(path, lambda arrays: arrays.pop("hash/bias"))
    assert "missing ['hash/bias'], left over nothing" in refused()


def test_path_in_a_name_is_only_a_name(path, refused, tmp_path):
    def change(arrays):
        arrays["../../outside"] = arrays.pop("hash/bias")

    rewrite(path, change)
    assert "left over ['../../outside']" in refused()
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(4, "float32"), "must be float32 of shape (3,); got float32 of shape (4,)"),
        (np.zeros((3, 1), "float32"), "got float32 of shape (3, 1)"),
        (np.zeros(3, "float64"), "got float64 of shape (3,)"),
        (np.zeros(3, "int32"), "got int32 of shape (3,)"),
        (np.array([0, np.nan, 0], "float32"), "holds NaN or infinity"),
        (np.array([0, np.inf, 0], "float16"), "holds NaN or infinity"),
    ],
)
def test_wrong_shape_dtype_or_value(path, refused, array, words):
    rewrite(path, lambda arrays: arrays.update({"hash/bias": array}))
    text = refused()
    assert "'hash/bias'" in text
    assert words in text


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="weights file .*none.safetensors is missing"):
        weights.load(small_model(), tmp_path / "none.safetensors")


def test_fingerprint_is_of_the_values():
    model = small_model()
    values = b"".join(np.asarray(weight).tobytes() for weight in model.weights)
    assert weights.fingerprint(model) == hashlib.sha256(values).hexdigest()
    assert weights.fingerprint(small_model(seed=1)) != weights.fingerprint(model)


def test_fill_takes_the_bytes_of_a_file(path):
    model, wanted = small_model(seed=1), values(small_model())
    weights.fill(model, path.read_bytes(), "here")
    assert same(model, wanted)
    with pytest.raises(ValueError, match="here is not a whole safetensors file"):
        weights.fill(model, path.read_bytes()[:-1], "here")
    assert same(model, wanted)
