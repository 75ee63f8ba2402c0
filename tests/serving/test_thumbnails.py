import io
import os

import numpy as np
import pytest
from PIL import Image

from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.thumbnails import SIZE, Thumbnails
from tests.photos.conftest import write_photo

NAMES = {7: "b.jpg", 2**40: "roses/a.png", 3: "../secret.png", 4: "/etc/hostname", 5: "", 6: "a\0b"}


@pytest.fixture
def folder(tmp_path):
    """`b.jpg`, `c.png` and `roses/a.png`, told apart by their sizes; a secret beside the folder."""
    folder = tmp_path / "photos"
    (folder / "roses").mkdir(parents=True)
    Image.new("RGB", (1000, 500)).save(folder / "b.jpg")
    Image.new("L", (50, 20)).save(folder / "c.png")
    Image.new("RGB", (100, 700)).save(folder / "roses" / "a.png")
    Image.new("RGB", (31, 31)).save(tmp_path / "secret.png")
    return folder


def size(answer):
    image = Image.open(io.BytesIO(answer[0]))
    assert image.format == "JPEG"
    return image.size


def test_ids_are_places_in_the_sorted_list(folder):
    thumbnails = Thumbnails(folder)
    (folder / "a_new_one.png").write_bytes((folder / "c.png").read_bytes())  # moves no id
    found = [thumbnails.read(str(item)) for item in range(3)]
    assert [name for _, name in found] == ["b.jpg", "c.png", "roses/a.png"]
    assert [size(answer) for answer in found] == [(320, 160), (50, 20), (46, 320)]
    assert SIZE == 320


def test_ids_have_the_names_of_the_export(folder):
    thumbnails = Thumbnails(folder)
    assert thumbnails.read("7", NAMES)[1] == "b.jpg"
    picture, name = thumbnails.read(str(2**40), NAMES)
    assert (size((picture,)), name) == ((46, 320), "roses/a.png")


@pytest.mark.parametrize(
    "item",
    [
        *("", "3", "-1", "+1", " 1", "1.0", "0x1", "\u0661", "9" * 5000, str(2**63), "1e1"),
        *("..", "../secret.png", "%2e%2e", "b.jpg", "1/..", "0\n"),
    ],
)
def test_what_is_no_id_of_the_list_is_404(folder, item):
    with pytest.raises(ApiError, match="There is no image with the id") as error:
        Thumbnails(folder).read(item)
    assert error.value.status == 404
    assert len(str(error.value)) < 60


@pytest.mark.parametrize("item", ["0", "3", "4", "5", "6"])
def test_names_do_not_lead_out_of_the_folder(folder, item):
    with pytest.raises(ApiError, match="There is no image with the id"):
        Thumbnails(folder).read(item, NAMES)


def test_neither_do_links(folder, tmp_path):
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "inside.png").symlink_to(folder / "c.png")
    (folder / "up").symlink_to(tmp_path)
    names = {1: "link.png", 2: "inside.png", 3: "up/secret.png", 4: "roses"}
    thumbnails = Thumbnails(folder)
    for item in "134":
        with pytest.raises(ApiError, match="There is no image"):
            thumbnails.read(item, names)
    assert size(thumbnails.read("2", names)) == (50, 20)


def test_what_cannot_be_read_is_404(folder):
    thumbnails = Thumbnails(folder)
    (folder / "c.png").write_bytes(b"no image")
    with pytest.raises(ApiError, match="The image with the id 1 cannot be read"):
        thumbnails.read("1")
    (folder / "b.jpg").unlink()
    with pytest.raises(ApiError, match="There is no image with the id 0"):
        thumbnails.read("0")


def test_a_changed_image_is_read_again(folder, touched):
    thumbnails = Thumbnails(folder)
    assert size(thumbnails.read("1")) == (50, 20)
    Image.new("RGB", (64, 32)).save(folder / "c.png")
    touched(folder / "c.png")
    assert size(thumbnails.read("1")) == (64, 32)


def test_it_is_upright(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(np.zeros((40, 80, 3), np.uint8)).save(folder / "b.jpg", exif=exif)
    assert size(Thumbnails(folder).read("0")) == (40, 80)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        Thumbnails(tmp_path / "none")
    write_photo(tmp_path / "x.jpg", 0)
    with pytest.raises(NotADirectoryError, match="is a file"):
        Thumbnails(tmp_path / "x.jpg")


@pytest.fixture
def touched():
    def touch(path):
        later = path.stat().st_mtime_ns + 10**10
        os.utime(path, ns=(later, later))

    return touch
