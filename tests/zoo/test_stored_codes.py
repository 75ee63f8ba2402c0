import io
import pickle
import zipfile

import numpy as np
import pytest

from keras_hashing import zoo
from keras_hashing.zoo import stored_codes
from tests.zoo.conftest import edit_json, rehash, small_data


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


def test_what_is_written_is_read(tmp_path):
    """Codes by hand: the first bit is the lowest of the first byte."""
    data = small_data()
    outputs = {
        "query": np.tile(np.float32([1, -1, 1]), (12, 1)),
        "database": np.tile(np.float32([-1, 1, 0]), (36, 1)),
    }
    made = stored_codes.write(tmp_path, data, outputs)
    assert made.query_codes.tolist() == [[0b101]] * 12
    assert made.database_codes.tolist() == [[0b110]] * 36
    for name, keys in (
        ("codes.npz", ("query_codes", "database_codes")),
        ("labels.npz", ("query_labels", "database_labels", "query_ids", "database_ids")),
    ):
        with np.load(tmp_path / name) as stored:
            assert set(stored.files) == set(keys)
            for key in keys:
                assert np.array_equal(stored[key], getattr(made, key))


def test_writing_into_the_arrays_changes_nothing_inside(entry):
    before = zoo.codes("dhn_shades_12")
    kept = {key: np.array(array) for key, array in vars(before).items()}
    for array in vars(before).values():
        array[...] = array[:1]
    after = zoo.codes("dhn_shades_12")
    for key, array in kept.items():
        assert np.array_equal(getattr(after, key), array)


def test_codes_say_their_shapes():
    stored = stored_codes.Codes(np.zeros((2, 3), "uint8"), np.zeros((5, 3), "uint8"), *[None] * 4)
    assert "query_codes: uint8 (2, 3)" in repr(stored)
    assert "query_labels: none" in repr(stored)
    assert "<td>uint8 (5, 3)</td>" in stored._repr_html_()
