import json

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


LABELLED = {
    "several numbers": (["a.png 3,0", "b.png 1"], [[1, 0, 0, 1], [0, 1, 0, 0]]),
    "names": (["a.png dog", "b.png cat"], [1, 0]),
    "CSV in a text file": (["a.png,3", "b.png,1"], [3, 1]),
    "quoted": (['"a.png",3', '"b.png",1'], [3, 1]),
    "tabs": (["a.png\t0 1", "b.png\t1 0"], [[0, 1], [1, 0]]),
    "other slashes": ([".\\a.png 3", "./b.png 1"], [3, 1]),
}


@pytest.mark.parametrize("kind", LABELLED)
def test_lines_of_other_forms(write, kind):
    lines, labels = LABELLED[kind]
    images = data.from_list(write(*lines))
    assert images.ids.tolist() == ["a.png", "b.png"]
    assert images.labels.tolist() == labels


def test_spaces_in_paths(write, tmp_path, save_photo):
    for name in ("my photo 1.png", "my photo 2 .png", "deep folder/c.png"):
        save_photo(tmp_path / name, 8)
    lines = ["my photo 1.png 0 1", "my photo 2 .png 1 0", "deep folder/c.png 1 1"]
    images = data.from_list(write(*lines))
    assert images.ids.tolist() == ["my photo 1.png", "my photo 2 .png", "deep folder/c.png"]
    assert images.labels.tolist() == [[0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("other", ["./a.png", "x/../a.png", ".\\a.png", ".//a.png", "{}/a.png"])
def test_one_image_by_two_names_is_found(write, tmp_path, other):
    with pytest.raises(ValueError, match=r"line 2: .* was on line 1 already"):
        data.from_list(write("a.png 1", f"{other.format(tmp_path)} 0"))


def test_class_names(write):
    images = data.from_list(write("a.png dog", "b.png cow"), class_names=["cow", "cat", "dog"])
    assert images.labels.tolist() == [2, 0]
    assert images.class_names == images.subset([1]).class_names == ["cow", "cat", "dog"]
    with pytest.raises(ValueError, match=r"list\.txt: `class` got the unknown value 'dgo'"):
        data.from_list(write("a.png dgo"), class_names=["cow", "dog"])


def test_labels_in_a_file_beside(write, tmp_path):
    path = write("a.png", "b.png", "c.png")
    labels = tmp_path / "database_label.txt"
    for text, expected in (("0 1\n1 0\n1 1\n", [[0, 1], [1, 0], [1, 1]]), ("2\n0\n1\n", [2, 0, 1])):
        labels.write_text(text)
        assert data.from_list(path, labels=labels).labels.tolist() == expected
    np.save(tmp_path / "labels.npy", np.array([2, 0, 1]))
    assert data.from_list(path, labels=tmp_path / "labels.npy").labels.tolist() == [2, 0, 1]
    assert data.from_list(path, labels=np.eye(3)).labels.tolist() == np.eye(3).tolist()
    assert data.from_list(path, labels=[2, 0, 1]).labels.tolist() == [2, 0, 1]


def test_a_file_of_flags_for_each_class_as_nus_wide(tmp_path, save_photo):
    names = ["actor/0001_212.jpg", "actor/0002_215.jpg", "zoo/0003_9.jpg"]
    for seed, name in enumerate(names):
        save_photo(tmp_path / "Flickr" / name, seed)
    windows = [name.replace("/", "\\") for name in names]
    (tmp_path / "Imagelist.txt").write_text("".join(f"{name}\r\n" for name in windows), newline="")
    concepts = {"sky": [1, 0, 1], "clouds": [0, 0, 1], "house_cat": [1, 1, 0]}
    for concept, flags in concepts.items():
        text = "".join(f"{flag}\n" for flag in flags)
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / f"Labels_{concept}_Train.txt").write_text(text)
    root = tmp_path / "Flickr"
    images = data.from_list(tmp_path / "Imagelist.txt", root, labels=tmp_path / "labels")
    assert images.class_names == ["clouds", "house_cat", "sky"]
    assert images.labels.tolist() == [[0, 1, 1], [0, 1, 0], [1, 0, 1]]
    assert images.ids.tolist() == names
    chosen = [tmp_path / "labels" / f"Labels_{name}_Train.txt" for name in ("sky", "clouds")]
    images = data.from_list(tmp_path / "Imagelist.txt", root, labels=chosen)
    assert images.class_names == ["sky", "clouds"]
    assert images.labels.tolist() == [[1, 0], [0, 0], [1, 1]]
    chosen[0].write_text("1\n0\n")
    with pytest.raises(ValueError, match=r"one row per item each; got"):
        data.from_list(tmp_path / "Imagelist.txt", root, labels=chosen)
    chosen[0].write_text("1\n0\n2\n")
    with pytest.raises(ValueError, match=r"sky_Train\.txt must have one flag, 0 or 1, in each"):
        data.from_list(tmp_path / "Imagelist.txt", root, labels=chosen)


def test_labels_that_do_not_fit(write, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("1\n0\n")
    with pytest.raises(
        ValueError, match=r"lists 3 image\(s\), but there are labels for 2 in .*s.t"
    ):
        data.from_list(write("a.png", "b.png", "c.png"), labels=labels)
    with pytest.raises(ValueError, match=r"has labels of its own. Leave out `labels`"):
        data.from_list(write("a.png 1", "b.png 0"), labels=labels)
    with pytest.raises(FileNotFoundError, match=r"no file of labels .*none\.txt"):
        data.from_list(write("a.png"), labels=tmp_path / "none.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty holds no \.txt file"):
        data.from_list(write("a.png"), labels=tmp_path / "empty")


def test_a_mat_file_of_names_and_one_of_labels(write, tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    cells = np.array([["b.png"], ["a.png"]], dtype=object)
    scipy_io.savemat(tmp_path / "mirflickr25k-fall.mat", {"FAll": cells})
    scipy_io.savemat(tmp_path / "mirflickr25k-lall.mat", {"LAll": np.array([[1, 0, 1], [0, 0, 1]])})
    write()
    lall = tmp_path / "mirflickr25k-lall.mat"
    images = data.from_list(tmp_path / "mirflickr25k-fall.mat", labels=lall)
    assert images.ids.tolist() == ["b.png", "a.png"]
    assert images.labels.tolist() == [[1, 0, 1], [0, 0, 1]]
    with pytest.raises(ValueError, match=r"holds no images and no file names, only labels"):
        data.from_list(lall)


def test_a_mat_file_of_images(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), np.uint8)
    content = {"images": pixels.transpose(1, 2, 3, 0), "LAll": np.eye(4)}
    scipy_io.savemat(tmp_path / "FLICKR-25K.mat", content)
    images = data.from_list(tmp_path / "FLICKR-25K.mat")
    np.testing.assert_array_equal(images.images, pixels)
    assert images.labels.tolist() == np.eye(4).tolist()
    assert images.ids.tolist() == ["00000", "00001", "00002", "00003"]


def test_cocos_annotations(tmp_path, save_photo):
    for seed, name in enumerate(("000009.jpg", "000025.jpg", "000030.jpg")):
        save_photo(tmp_path / "val2017" / name, seed)
    annotations = [(25, 90), (9, 1), (9, 1), (9, 13)]
    content = {
        "images": [{"id": i, "file_name": f"{i:06d}.jpg"} for i in (25, 9, 30)],
        "annotations": [{"image_id": i, "category_id": c, "iscrowd": 0} for i, c in annotations],
        "categories": [
            {"id": 90, "name": "toothbrush"},
            {"id": 1, "name": "person"},
            {"id": 13, "name": "stop sign"},
        ],
    }
    path = tmp_path / "instances_val2017.json"
    path.write_text(json.dumps(content))
    with pytest.warns(UserWarning, match=r"1 of 3 image\(s\) have no annotation; they keep a row"):
        images = data.from_list(path, root=tmp_path / "val2017")
    assert images.class_names == ["person", "stop sign", "toothbrush"]
    assert images.ids.tolist() == ["000025.jpg", "000009.jpg", "000030.jpg"]
    assert images.labels.tolist() == [[0, 0, 1], [1, 1, 0], [0, 0, 0]]


def test_a_folder_is_no_list(tmp_path):
    with pytest.raises(ValueError, match=r"is a folder; a list is a file. Use `from_folder`"):
        data.from_list(tmp_path)
