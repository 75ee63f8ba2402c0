import pytest

from keras_hashing.data import photo_files


def test_split_readable_keeps_the_order(tmp_path, save_photo):
    paths = []
    for number in range(9):
        path = tmp_path / f"{number}.png"
        if number % 3:
            save_photo(path, number)
        else:
            path.write_text("no image")
        paths.append(path)
    readable, passed_over = photo_files.split_readable(paths)
    assert [path.stem for path in readable] == ["1", "2", "4", "5", "7", "8"]
    assert [path.stem for path, _ in passed_over] == ["0", "3", "6"]


def test_a_file_that_vanished_is_passed_over(tmp_path):
    readable, passed_over = photo_files.split_readable([tmp_path / "gone.png"])
    assert readable == []
    assert "no image file" in passed_over[0][1]


def test_same_content_needs_the_same_bytes(tmp_path):
    contents = {"a": b"one", "b": b"two", "c": b"one", "d": b"longer", "e": b"one"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    repeats = photo_files.same_content([tmp_path / name for name in contents])
    assert repeats == {tmp_path / "c": tmp_path / "a", tmp_path / "e": tmp_path / "a"}


def test_warn_passed_over(recwarn):
    photo_files.warn_passed_over([], "x.")
    assert not recwarn
    with pytest.warns(
        UserWarning, match=r"1 file\(s\) passed over, the first: a \(bad\.\) All are"
    ):
        photo_files.warn_passed_over([("a", "bad.")], "x.")
