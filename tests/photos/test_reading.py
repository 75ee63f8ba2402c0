import hashlib
import os

import numpy as np
import pytest

from keras_hashing import data, files
from keras_hashing.photos import reading
from tests.photos.conftest import write_photo


def paths_in(folder):
    return [photo.path for photo in reading.list_photos(folder)]


def read_all(folder, known=()):
    return list(reading.read_photos(folder, reading.list_photos(folder), 16, known, workers=2))


def test_lists_nested_odd_and_upper_case_names_but_nothing_hidden(tmp_path):
    for name in ("b.JPG", "a b.jpeg", "Änne/ß.png", "x/[red] 'q' & <i>.jpg", ".hidden.jpg"):
        write_photo(tmp_path / name, 0)
    write_photo(tmp_path / ".thumbnails" / "c.jpg", 0)
    (tmp_path / "notes.txt").write_text("no photo")
    assert paths_in(tmp_path) == sorted(
        ["b.JPG", "a b.jpeg", "Änne/ß.png", "x/[red] 'q' & <i>.jpg"]
    )


def test_size_and_time_of_change_are_the_files(tmp_path):
    path = write_photo(tmp_path / "a.jpg", 0)
    os.utime(path, ns=(5, 7_000_000_001))
    assert reading.list_photos(tmp_path) == [
        reading.PhotoFile("a.jpg", path.stat().st_size, 7_000_000_001)
    ]


def test_links_to_files_count_and_links_to_folders_do_not(tmp_path):
    path = write_photo(tmp_path / "real" / "a.jpg", 0)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.jpg").symlink_to(path)
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "dead.jpg").symlink_to(tmp_path / "nothing.jpg")
    assert paths_in(inside) == ["dead.jpg", "link.jpg"]
    dead, link = read_all(inside)
    assert (dead.digest, dead.problem) == (None, "No such file or directory")
    assert link.problem is None


def test_names_that_are_not_utf8(tmp_path):
    write_photo(tmp_path / "a.jpg", 0).rename(tmp_path / os.fsdecode(b"a\xff.jpg"))
    (name,) = paths_in(tmp_path)
    assert os.fsencode(name) == b"a\xff.jpg"
    assert files.printable(name) == "a�.jpg"
    assert read_all(tmp_path)[0].problem is None


def test_reads_in_order_with_digest_and_the_resized_image(folder):
    readings = read_all(folder)
    assert [item.photo.path for item in readings] == sorted(
        [f"photo{i}.jpg" for i in range(6)] + ["beach/photo6.jpg", "beach/photo7.jpg"]
    )
    for item in readings:
        path = folder / item.photo.path
        assert item.digest == hashlib.sha256(path.read_bytes()).hexdigest()
        expected = data.resize(data.read_image(path), 16)
        np.testing.assert_array_equal(item.image, expected)


def test_a_known_photo_is_not_decoded(folder):
    digest = hashlib.sha256((folder / "photo3.jpg").read_bytes()).hexdigest()
    images = {item.photo.path: item.image for item in read_all(folder, {digest})}
    assert [path for path, image in images.items() if image is None] == ["photo3.jpg"]


def test_files_that_cannot_be_read_tell_why(tmp_path):
    (tmp_path / "text.jpg").write_text("not a photo")
    whole = write_photo(tmp_path / "whole.jpg", 0).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").touch()
    problems = {item.photo.path: item.problem for item in read_all(tmp_path)}
    assert problems.pop("whole.jpg") is None
    assert set(problems) == {"cut.jpg", "empty.jpg", "text.jpg"}
    assert all(text.startswith("cannot be read as an image: ") for text in problems.values())


def test_more_photos_than_are_read_ahead(tmp_path):
    content = write_photo(tmp_path / "0.jpg", 0).read_bytes()
    for number in range(1, 80):
        (tmp_path / f"{number}.jpg").write_bytes(content)
    readings = read_all(tmp_path)
    assert [item.photo.path for item in readings] == sorted(f"{i}.jpg" for i in range(80))


def test_a_file_deleted_after_listing_is_a_problem(folder):
    photos = reading.list_photos(folder)
    (folder / "photo0.jpg").unlink()
    readings = {r.photo.path: r.problem for r in reading.read_photos(folder, photos, 16, ())}
    assert readings["photo0.jpg"] == "No such file or directory"


def test_no_folder_and_no_photo(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        reading.list_photos(tmp_path / "none")
    with pytest.raises(ValueError, match="No image found"):
        reading.list_photos(tmp_path)
