import numpy as np
import pytest

from keras_hashing import data, relevance


@pytest.fixture
def write(tmp_path, save_photo):
    """A function that writes a list of the given lines beside photos a.png, b.png, c.png."""
    for seed, name in enumerate("abc"):
        save_photo(tmp_path / f"{name}.png", seed)

    def write_list(*lines):
        path = tmp_path / "list.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write_list


def test_multi_hot_lines(write, tmp_path):
    images = data.from_list(write("c.png 0 1 1", "a.png 1 0 0  ", "", "b.png\t0 0 0"))
    assert images.ids.tolist() == ["c.png", "a.png", "b.png"]
    assert images.labels.tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert images.labels.dtype == np.uint8
    assert images.paths[0] == tmp_path / "c.png"
    assert images.passed_over == []
    (batch,) = images.dataset(8).as_numpy_iterator()
    np.testing.assert_array_equal(batch[1], images.labels)


def test_sets_like_those_of_nus_wide(tmp_path, save_photo):
    concepts = [[0, 5], [5], [], [20], [0, 20]]  # of images 0 to 4, among 21 columns
    for number in range(5):
        save_photo(tmp_path / "images" / f"{number:04d}_m.jpg", number)

    def write_set(name, members, end):
        lines = []
        for number in members:
            flags = " ".join("1" if column in concepts[number] else "0" for column in range(21))
            lines.append(f"images/{number:04d}_m.jpg {flags}{end}")
        (tmp_path / f"{name}.txt").write_text("".join(lines), newline="")
        return data.from_list(tmp_path / f"{name}.txt", image_size=8)

    query = write_set("test", [4, 2], " \n")
    train = write_set("train", [1, 0], "  \n")
    database = write_set("database", [3, 1, 0], " \r\n")
    for images, members in ((query, [4, 2]), (train, [1, 0]), (database, [3, 1, 0])):
        assert images.labels.shape == (len(members), 21)
        assert [np.flatnonzero(row).tolist() for row in images.labels] == [
            concepts[number] for number in members
        ]
        assert images.passed_over == []
    assert set(train.ids) < set(database.ids)  # training images are in the database
    # Image 4 shares concept 20 with 3 and 0 with 0; image 2 has no label, so it finds nothing.
    found = relevance.relevance(query.labels, database.labels)
    assert found.tolist() == [[True, False, True], [False, False, False]]


def test_one_class_number_a_line(write):
    images = data.from_list(write("a.png 3", "b.png 0", "c.png 12"))
    assert images.labels.tolist() == [3, 0, 12]
    assert images.labels.dtype == np.int64


def test_paths_alone(write):
    images = data.from_list(write("b.png", "a.png"), image_size=8)
    assert images.labels is None
    assert images.image_size == 8


def test_root_and_absolute_paths(write, tmp_path, save_photo):
    save_photo(tmp_path / "deep" / "d.png", 9)
    inside = data.from_list(write("d.png 1"), root=tmp_path / "deep")
    assert inside.paths == [tmp_path / "deep" / "d.png"]
    absolute = data.from_list(write(f"{tmp_path}/a.png 1"), root="elsewhere")
    assert absolute.paths == [tmp_path / "a.png"]


def test_byte_order_mark_and_windows_line_ends(write, tmp_path):
    path = write("a.png 1 0")
    path.write_bytes(b"\xef\xbb\xbfa.png 1 0\r\nb.png 0 1\r\n")
    assert data.from_list(path).ids.tolist() == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.png 1 0", "b.png 1 0 1"], r"line 2: 3 label field\(s\), but line 1 has 2"),
        (["a.png 1 0", "", "b.png"], r"line 3: 0 label field\(s\), but line 1 has 2"),
        (["a.png 1 0", "b.png 2 0"], "line 2: the flag '2' is not 0 or 1"),
        (["a.png 1 0", "b.png 0.5 0"], r"line 2: the flag '0\.5' is not 0 or 1"),
        (["a.png 1", "b.png -1"], "line 2: the label '-1' is not a whole number"),
        (["a.png 1", "b.png cat"], "line 2: the label 'cat' is not a whole number"),
        (["a.png 1", "b.png 1", "a.png 2"], r"line 3: a\.png was on line 1 already"),
        ([""], r"list\.txt is empty; a line for each image"),
    ],
)
def test_bad_lines_are_named(write, lines, message):
    with pytest.raises(ValueError, match=message):
        data.from_list(write(*lines))


def test_missing_images(write):
    path = write("a.png 1", "x.png 1", "y.png 0")
    with pytest.raises(FileNotFoundError, match=r"2 of the 3 images .* line 2: .*x\.png.*`root="):
        data.from_list(path)


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no list file"):
        data.from_list(tmp_path / "none.txt")


def test_a_list_that_is_not_text(write):
    path = write("a.png")
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match=r"not a text file in UTF-8"):
        data.from_list(path)


def test_unreadable_images_are_passed_over(write, tmp_path):
    (tmp_path / "x.jpg").write_text("no image")
    path = write("x.jpg 1 0", "a.png 0 1")
    with pytest.warns(UserWarning, match=r"1 file\(s\) passed over"):
        images = data.from_list(path)
    assert images.ids.tolist() == ["a.png"]
    assert images.labels.tolist() == [[0, 1]]
    assert [file for file, _ in images.passed_over] == [tmp_path / "x.jpg"]
    assert len(data.from_list(path, check=False)) == 2


def test_no_readable_image(write, tmp_path):
    (tmp_path / "x.jpg").write_text("no image")
    with pytest.raises(ValueError, match=r"No image of .* can be read; the first: .*x\.jpg"):
        data.from_list(write("x.jpg 1"))
