import errno
import pickle

import pytest
from fsspec.implementations.local import LocalFileSystem

from keras_hashing.corpus.folder_source import FolderSource
from keras_hashing.corpus.listing import list_files


@pytest.fixture
def source(folder):
    return FolderSource.open(list_files(folder), label="folder")


def test_items(folder, source):
    assert (len(source), source.classes) == (21, ["blue", "red"])
    item = source.read(7)  # blue has seven: 0 3 6 9 12 15 18
    assert (item.name, item.label, item.problem) == ("red/01.jpg", 1, None)
    assert item.content == (folder / "red" / "01.jpg").read_bytes()
    assert source.read(6).label == 0
    assert FolderSource.open(list_files(folder)).read(7).label is None


def test_a_cut_is_a_source_of_its_own_and_travels(source):
    part = pickle.loads(pickle.dumps(source.cut(6, 9)))
    assert [part.read(place).name for place in range(len(part))] == [
        "blue/18.jpg",
        "red/01.jpg",
        "red/02.jpg",
    ]
    assert part.read(1).label == 1


def test_identity(folder, source):
    assert list(source.identity()) == source.names
    assert source.names[0] == "blue/00.jpg"


def test_single_files_that_cannot_be_read(folder, monkeypatch):
    (folder / "red" / "link.jpg").symlink_to(folder / "nowhere.jpg")
    source = FolderSource.open(list_files(folder))
    assert source.read(21).problem == "it is a link that leads nowhere."

    def denied(self, path):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(LocalFileSystem, "cat_file", denied)
    assert source.read(0).problem == "it may not be read: Permission denied."
    assert source.read(0).content is None


def test_a_listed_file_that_is_gone(folder, source):
    (folder / "blue" / "03.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"blue/03.jpg was listed and is gone. Bring it"):
        source.read(1)


def test_mistakes(folder):
    listing = list_files(folder)
    with pytest.raises(ValueError, match=r"`column` is for parquet and TFRecord files; .*photos"):
        FolderSource.open(listing, column="image")
    with pytest.raises(ValueError, match="`label` must be 'folder' for a folder of images.*'kind'"):
        FolderSource.open(listing, label="kind")
    (folder / "alone.jpg").touch()
    with pytest.raises(ValueError, match=r"1 image\(s\) of .* no sub-folder, the first: alone.jpg"):
        FolderSource.open(list_files(folder), label="folder")
