import struct

import keras
import numpy as np
import pytest
import safetensors.numpy

from keras_hashing import methods, resources, weights, zoo
from tests.zoo.conftest import check_read_once, rehash, small_data, watched


def weights_of(model):
    return [np.array(weight.numpy()) for weight in model.weights]


def test_load_by_name_and_by_path(entry):
    model, other = zoo.load("dhn_shades_12"), zoo.load(entry)
    assert isinstance(model, methods.DHN)
    assert (model.bits, model.image_size) == (12, 8)
    for one, same in zip(weights_of(model), weights_of(other), strict=True):
        assert np.array_equal(one, same)
    assert model.predict_on_batch(small_data().query.images).shape == (12, 12)
    assert model.entry == other.entry == ("dhn_shades_12", weights.fingerprint(model))


@pytest.mark.parametrize("name", ["model.safetensors", "codes.npz", "config.json", "labels.npz"])
def test_one_bit_flipped_is_found_before_parsing(entry, name):
    data = bytearray((entry / name).read_bytes())
    data[len(data) // 2] ^= 1
    (entry / name).write_bytes(data)
    use = zoo.load if name in ("model.safetensors", "config.json") else zoo.codes
    with pytest.raises(ValueError, match=rf"{name} is damaged or was changed: .*Get the entry"):
        use(entry)


@pytest.mark.parametrize("name", ["model.safetensors", "codes.npz", "config.json", "labels.npz"])
def test_missing_file_is_named(entry, name):
    (entry / name).unlink()
    use = zoo.load if name in ("model.safetensors", "config.json") else zoo.codes
    with pytest.raises(FileNotFoundError, match=rf"{name} is missing, so dhn_shades_12 is not"):
        use(entry)


@pytest.mark.parametrize("length", [0, 7, 100, 4000])
def test_truncated_weights(entry, length):
    path = entry / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="damaged or was changed"):
        zoo.load(entry)
    rehash(entry, path.name)
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        zoo.load(entry)


def test_link_out_of_the_folder_is_refused(entry, tmp_path):
    path = entry / "model.safetensors"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors is missing"):
        zoo.load(entry)


def test_weights_header_that_claims_ten_gigabytes(entry):
    path = entry / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 10 * 2**30) + path.read_bytes()[8:])
    rehash(entry, path.name)
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        zoo.load(entry)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.update(more=np.zeros(1, "float32")), r"left over \['more'\]"),
        (lambda arrays: arrays.pop("head/hash/bias"), r"missing \['head/hash/bias'\]"),
        (
            lambda arrays: arrays.update({"../../x": arrays.pop("head/hash/bias")}),
            r"left over \['../../x'\]",
        ),
        (
            lambda arrays: arrays.update({"head/hash/bias": np.zeros(13, "float32")}),
            r"of shape \(12,\); got float32 of shape \(13,\)",
        ),
        (
            lambda arrays: arrays.update({"head/hash/bias": np.full(12, np.nan, "float32")}),
            "NaN or infinity",
        ),
    ],
)
def test_weights_with_a_right_hash_are_checked_all_the_same(entry, change, words):
    path = entry / "model.safetensors"
    arrays = dict(safetensors.numpy.load(path.read_bytes()))
    change(arrays)
    safetensors.numpy.save_file(arrays, path)
    rehash(entry, path.name)
    with pytest.raises(ValueError, match=words):
        zoo.load(entry)


MODEL_FILES = ("config.json", "model.safetensors")


def test_each_file_is_read_and_hashed_once(entry, monkeypatch):
    found = zoo.info(entry)
    zoo.load(entry)  # what is imported late is there now
    with watched(monkeypatch) as (opened, hashed):
        zoo.load("dhn_shades_12")
    check_read_once(found, MODEL_FILES, opened, hashed)
    with watched(monkeypatch) as (opened, hashed):
        zoo.codes(entry)
    check_read_once(found, ("codes.npz", "labels.npz"), opened, hashed)


def test_a_shared_backbone_is_read_and_hashed_once(monkeypatch):
    found = zoo.info("dhn_cifar10_48_frozen")
    backbone = resources.zoo_path("backbones", f"{found.backbone}.safetensors")
    with watched(monkeypatch) as (opened, hashed):
        model = zoo.load(found.name)
    check_read_once(found, MODEL_FILES, opened, hashed)
    assert opened[str(backbone)] == 1
    assert hashed[found.shared_backbone] == 1
    stored = safetensors.numpy.load(backbone.read_bytes())
    for weight in model.backbone.weights:
        assert np.array_equal(np.asarray(weight), stored[weight.path].astype("float32"))


def test_what_is_parsed_is_what_was_hashed(entry, monkeypatch):
    """A file that is changed right after it was hashed changes nothing."""
    path, wanted = entry / "model.safetensors", weights_of(zoo.load(entry))
    fill = weights.fill

    def change_first(*arguments):
        path.write_bytes(b"changed")
        fill(*arguments)

    monkeypatch.setattr(weights, "fill", change_first)
    for one, same in zip(weights_of(zoo.load(entry)), wanted, strict=True):
        assert np.array_equal(one, same)


def test_an_entry_is_float32_in_any_session(entry):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = zoo.load(entry)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype for layer in model._flatten_layers()} == {"float32"}
