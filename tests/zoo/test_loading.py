import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import safetensors.numpy

from keras_hashing import methods, weights, zoo
from keras_hashing.zoo import loading
from tests.zoo.conftest import edit_json, rehash, small_data, small_model


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(format=9), "has format 9; this version"),
        (lambda c: c.update(module="os"), "must hold format, method and arguments"),
        (lambda c: c.update(method="os.system"), "unknown value 'os.system'"),
        (lambda c: c.update(method=["dhn"]), "unknown value"),
        (lambda c: c.update(arguments=[]), "`arguments` must be a JSON object"),
        (lambda c: c["arguments"].update(pretrained=True), "unknown value 'pretrained'"),
        (lambda c: c["arguments"].update(activation="tanh"), "unknown value 'activation'"),
        (lambda c: c["arguments"].update(self=1), "unknown value 'self'"),
        (
            lambda c: c["arguments"].update(backbone={"class_name": "Lambda", "config": {}}),
            "`backbone` must be a text, number, true, false or null",
        ),
        (lambda c: c["arguments"].update(backbone=None), "`backbone` must be a name"),
        (lambda c: c["arguments"].update(backbone="../evil"), "`backbone` got the unknown value"),
        (lambda c: c["arguments"].update(backbone="keras.models"), "`backbone` got the unknown"),
        (lambda c: c["arguments"].update(name="a/b"), "`name` must be letters"),
        (lambda c: c["arguments"].update(hidden=10**9), "`hidden` must be between 1 and 65536"),
        (lambda c: c["arguments"].update(bits=10**9), "`bits` must be between 1 and 4096"),
        (lambda c: c["arguments"].update(bits=24), "with 24 bits, metadata.json dhn with 12"),
        (lambda c: c["arguments"].update(image_size=10**6), "`image_size` must be between"),
        (lambda c: c["arguments"].update(variant="x"), "`variant` got the unknown value"),
        (lambda c: c["arguments"].update(dropout="0.5"), "`dropout` must be a number"),
    ],
)
def test_config_never_chooses_code(entry, change, words):
    edit_json(entry / "config.json", change)
    rehash(entry, "config.json")
    with pytest.raises(ValueError) as caught:
        zoo.load(entry)
    assert words in str(caught.value)
    assert "config.json" in str(caught.value)


def test_pretrained_weights_are_not_fetched(monkeypatch):
    asked = []
    monkeypatch.setattr("keras_hashing.backbones.catalog._load_lite", lambda *a: asked.append(a))
    config = {
        "format": 1,
        "method": "dhn",
        "arguments": {"bits": 8, "backbone": "efficientnet_lite0", "image_size": 32},
    }
    assert loading.build(config).bits == 8
    assert not asked


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def pickled_npz():
    """An .npz whose array is an object: reading it would run its pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("query_codes", "database_codes"):
            inner = io.BytesIO()
            header = {"descr": "|O", "fortran_order": False, "shape": (1,)}
            np.lib.format.write_array_header_1_0(inner, header)
            inner.write(pickle.dumps([print]))
            archive.writestr(f"{name}.npy", inner.getvalue())
    return file.getvalue()


def encrypted_npz():
    """An .npz whose members claim to be encrypted."""
    data = bytearray(npz(query_codes=np.zeros(1), database_codes=np.zeros(1)))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + place] |= 1
            start = data.find(mark, start + 1)
    return bytes(data)


GOOD = np.zeros((12, 2), np.uint8)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a readable .npz file"),
        (b"PK\x03\x04 and then nothing", "is not a readable .npz file"),
        (encrypted_npz(), "is not a readable .npz file"),
        (pickled_npz(), "is not a readable .npz file"),
        (npz(query_codes=GOOD), "it must hold query_codes, database_codes"),
        (npz(query_codes=GOOD, database_codes=GOOD, x=GOOD), "it must hold"),
        (npz(query_codes=GOOD[:5], database_codes=GOOD), "`query_codes` must have 12 rows; got 5"),
        (npz(query_codes=GOOD, database_codes=GOOD), "`database_codes` must have 36 rows; got 12"),
        (npz(query_codes=GOOD[:, :1], database_codes=GOOD), "must be 2 byte"),
        (npz(query_codes=GOOD + np.uint8(255), database_codes=GOOD), "has bits set beyond bit 12"),
        (npz(query_codes=GOOD.astype(float), database_codes=GOOD), "must be packed codes of dtype"),
    ],
)
def test_codes_that_do_not_fit(entry, data, words):
    (entry / "codes.npz").write_bytes(data)
    rehash(entry, "codes.npz")
    with pytest.raises(ValueError) as caught:
        zoo.codes(entry)
    assert words in str(caught.value)
    assert "codes.npz" in str(caught.value)


def test_no_flipped_byte_gives_other_codes(entry):
    path = entry / "codes.npz"
    whole, wanted = path.read_bytes(), zoo.codes(entry)
    refused = 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        rehash(entry, path.name)
        try:
            found = zoo.codes(entry)
        except ValueError as error:
            assert "codes.npz" in str(error)
            refused += 1
        else:  # a byte that nobody reads, such as a time stamp's
            assert np.array_equal(found.query_codes, wanted.query_codes)
            assert np.array_equal(found.database_codes, wanted.database_codes)
    assert refused > 0.3 * len(range(0, len(whole), 7))


@pytest.mark.parametrize("length", [0, 30, 300])
def test_labels_cut_short(entry, length):
    path = entry / "labels.npz"
    path.write_bytes(path.read_bytes()[:length])
    rehash(entry, path.name)
    with pytest.raises(ValueError, match=r"labels\.npz is not a readable"):
        zoo.codes(entry)


def test_labels_of_another_number(entry):
    data = small_data()
    with (entry / "labels.npz").open("wb") as file:
        np.savez(
            file,
            query_labels=data.query.labels[:3],
            database_labels=data.database.labels,
            query_ids=data.query.ids,
            database_ids=data.database.ids,
        )
    rehash(entry, "labels.npz")
    with pytest.raises(ValueError, match="`query_labels` has 3 rows where the codes have 12"):
        zoo.codes(entry)


def test_file_that_metadata_does_not_list(entry):
    edit_json(entry / "metadata.json", lambda content: content["files"].pop("labels.npz"))
    with pytest.raises(ValueError, match="has neither a protocol nor labels"):
        zoo.codes(entry)


def test_config_of_a_model_is_json_scalars():
    config = loading.config_of(small_model(hidden=8))
    assert json.loads(json.dumps(config)) == config
    loading.check_arguments(methods.DHN, config["arguments"])
