import fsspec
import pytest

from keras_hashing.corpus.listing import Item, list_files

NAMES = ["b.JPG", "a/2.png", "a-/1.png", "a/.hidden.png", ".git/x.png", "a/10.png", "notes.txt"]
SORTED = ["a/10.png", "a/2.png", "a-/1.png", "b.JPG"]  # part by part: "a" before "a-"


def test_local_folder(tmp_path):
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    listing = list_files(tmp_path)
    assert (listing.kind, listing.names) == ("images", SORTED)
    assert listing.url == f"file://{tmp_path}"
    assert list_files(f"file://{tmp_path}") == listing


def test_url():
    memory = fsspec.filesystem("memory")
    for name in NAMES:
        memory.pipe(f"/listing/{name}", b"")
    listing = list_files("memory://listing")
    assert (listing.url, listing.names) == ("memory:///listing", SORTED)
    memory.rm("/listing", recursive=True)


def test_inside_an_archive(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/1.jpg", b"one")
        archive.writestr("x/2.jpg", b"two")
    assert list_files(f"zip://x::{tmp_path}/a.zip").names == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.parquet", "parquet"),
        ("x.tfrecord", "tfrecord"),
        ("cifar10-train.tfrecord-00000-of-00001", "tfrecord"),
        ("a.jpeg", "images"),
    ],
)
def test_one_file(tmp_path, name, kind):
    (tmp_path / name).touch()
    (tmp_path / "other.parquet").touch()
    listing = list_files(tmp_path / name)
    assert (listing.kind, listing.names) == (kind, [name])
    assert listing.url == f"file://{tmp_path}"


def test_mistakes(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is nothing at .*nowhere. Check the path"):
        list_files(tmp_path / "nowhere")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="No image, parquet or TFRecord file found in .*looked"):
        list_files(tmp_path)
    (tmp_path / "a.jpg").touch()
    (tmp_path / "b.parquet").touch()
    with pytest.raises(ValueError, match="several kinds: images, parquet. Pass a folder or a file"):
        list_files(tmp_path)
    with pytest.raises((ImportError, ValueError), match="nothere"):
        list_files("nothere://bucket/x")


def test_an_item_has_no_problem_by_itself():
    assert Item("a.jpg").problem is None
