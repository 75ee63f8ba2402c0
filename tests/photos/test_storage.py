import json
import shutil

import numpy as np
import pytest

from keras_hashing.photos import storage, update


@pytest.fixture
def made(directory, folder, encoder):
    update(directory, folder, encoder, bits=5)
    return directory


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_written_and_read(made, folder):
    contents = storage.read(made)
    assert contents.folder == str(folder)
    assert (contents.bits, contents.generation, contents.projection) == (5, 1, "superbit")
    assert [photo.path for photo, _ in contents.photos][:2] == [
        "beach/photo6.jpg",
        "beach/photo7.jpg",
    ]
    assert len(contents.codes) == len(contents.digests) == len(contents.fitted) == 8
    vectors = storage.read_vectors(made)
    assert vectors.dtype == np.float16 and vectors.shape == (8, 24)


def test_only_the_last_generations_files_stay(made, folder, encoder):
    (folder / "photo0.jpg").unlink()
    (made / ".codes-1.npy.0123abcd.tmp").write_bytes(b"left by a run that was killed")
    update(made, folder, encoder)
    assert sorted(snapshot(made)) == [
        "codes-2.npy",
        "manifest.json",
        "projection-2.npz",
        "vectors-2.npy",
    ]


@pytest.mark.parametrize("name", ["codes-1.npy", "projection-1.npz"])
def test_one_flipped_bit_is_found(made, name):
    content = bytearray((made / name).read_bytes())
    content[-1] ^= 1
    (made / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} does not have the recorded SHA-256.*Delete"):
        storage.read(made)


def test_flipped_bit_in_the_vectors(made):
    content = bytearray((made / "vectors-1.npy").read_bytes())
    content[-1] ^= 1
    (made / "vectors-1.npy").write_bytes(content)
    storage.read(made)  # a search does not need them
    with pytest.raises(ValueError, match=r"vectors-1\.npy does not have the recorded SHA-256"):
        storage.read_vectors(made)


@pytest.mark.parametrize("name", ["codes-1.npy", "vectors-1.npy", "projection-1.npz"])
def test_a_missing_file_is_named(made, name):
    (made / name).unlink()
    with pytest.raises(ValueError, match=rf"cannot be read: .*{name}.*Delete that folder"):
        storage.read(made)
        storage.read_vectors(made)


def change(directory, **values):
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    "values",
    [
        {"format": "something else"},
        {"bits": 13},
        {"digests": []},
        {"fitted": [True]},
        {"photos": [[["a.jpg", 1, 1], 0]]},
        {"photos": [[["a.jpg", 1, 1], 99]]},
        {"photos": 3},
        {"unreadable": [[1, 2, 3]]},
        {"files": {}},
        {"files": {"codes": {"name": "../../etc/passwd", "sha256": ""}}},
    ],
)
def test_a_manifest_that_makes_no_sense(made, values):
    change(made, **values)
    with pytest.raises(ValueError, match=r"The photo index .* cannot be read: "):
        storage.read(made)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"{}"])
def test_a_manifest_that_is_no_manifest(made, content):
    (made / "manifest.json").write_bytes(content)
    with pytest.raises(ValueError, match="Delete that folder and index the photos again"):
        storage.read(made)


def test_no_index(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no photo index .*keras-hashing index"):
        storage.read(tmp_path)
    assert storage.modified_ns(tmp_path / "none") == 0
    assert not storage.is_index(tmp_path)


def test_a_moved_index_still_reads(made, tmp_path):
    before = storage.read(made)
    moved = shutil.move(made, tmp_path / "elsewhere")
    np.testing.assert_array_equal(storage.read(moved).codes, before.codes)


def test_replaced_while_it_is_read(made, folder, encoder, monkeypatch):
    checked = storage._checked
    calls = []

    def replacing(directory, stored):
        if not calls:
            calls.append(1)
            (folder / "photo0.jpg").unlink()
            update(directory, folder, encoder)
        return checked(directory, stored)

    monkeypatch.setattr(storage, "_checked", replacing)
    assert storage.read(made).generation == 2


def test_two_runs_at_once(made, folder, encoder):
    before = snapshot(made)
    with (
        storage.locked(made),
        pytest.raises(ValueError, match=r"is being written by another run\. Wait"),
    ):
        update(made, folder, encoder)
    assert snapshot(made) == before
    update(made, folder, encoder)


def test_another_folder_is_not_written_into(tmp_path, folder, encoder):
    other = tmp_path / "documents"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(ValueError, match=r"holds other files and is no photo index.*--out"):
        update(other, folder, encoder)
    assert snapshot(other) == {"letter.txt": b"dear"}
    with pytest.raises(ValueError, match=r"letter\.txt is a file\. Choose another place"):
        update(other / "letter.txt", folder, encoder)


def test_an_empty_folder_is_taken_and_a_failed_run_leaves_nothing(tmp_path, folder, encoder):
    directory = tmp_path / "new" / "index"
    with pytest.raises(ValueError, match="bits"):
        update(directory, folder, encoder, bits=25)  # of 24 features
    assert not directory.exists()
    directory.mkdir()
    update(directory, folder, encoder, bits=5)
    assert storage.is_index(directory)
