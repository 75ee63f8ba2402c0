import json

import pytest

from keras_hashing.data import folder_tree, label_fields


@pytest.fixture
def make(tmp_path, save_photo):
    """A function that saves photos of the given names, all different, and returns their folder."""

    def save(*names):
        for seed, name in enumerate(names):
            save_photo(tmp_path / name, seed, (4, 3))
        return tmp_path

    return save


def read(folder, classes=None):
    """Split -> {path: label}, with the class's name where it has one."""
    found = {}
    for split, tree in folder_tree.read(folder, classes).items():
        items = tree.labels.items or [None] * len(tree.paths)
        if tree.labels.flags is not None:
            items = tree.labels.flags.tolist()
        names = [path.relative_to(folder).as_posix() for path in tree.paths]
        found[split] = {
            name: item[0] if isinstance(item, tuple) and len(item) == 1 else item
            for name, item in zip(names, items, strict=True)
        }
    return found


@pytest.mark.parametrize(
    ("train", "test", "validation"),
    [("train", "test", "val"), ("Training", "testing", "validation"), ("TRAIN", "query", "dev")],
)
def test_split_folders(make, train, test, validation):
    names = [f"{split}/{kind}/1.png" for split in (train, test, validation) for kind in "ab"]
    assert read(make(*names)) == {
        split: {f"{folder}/a/1.png": "a", f"{folder}/b/1.png": "b"}
        for split, folder in (("train", train), ("query", test), ("validation", validation))
    }


def test_splits_without_classes(make):
    folder = make("train/1.png", "test/1.png")
    assert read(folder) == {"train": {"train/1.png": None}, "query": {"test/1.png": None}}


def test_classes_of_which_one_is_called_like_a_split(make):
    folder = make("train/1.png", "car/1.png", "bus/1.png")
    assert read(folder) == {"": {f"{name}/1.png": name for name in ("bus", "car", "train")}}


def test_a_database_of_its_own(make):
    folder = make("train/a/1.png", "query/a/1.png", "gallery/a/1.png")
    assert set(read(folder)) == {"train", "query", "database"}


def test_what_lies_beside(make):
    folder = make("train/a/1.png", "2.png", "train/3.png", ".hidden/x/1.png")
    (folder / "train" / "b").mkdir()
    (tree,) = folder_tree.read(folder).values()
    assert tree.passed_over == [
        (folder / "train" / "3.png", "it lies outside the class folders."),
        (folder / "train" / "b", "it holds no image."),
        (folder / "2.png", "it lies outside the split folders."),
    ]


NESTED = {
    "classes in classes": ["animal/cat/1.png", "animal/dog/1.png", "plant/rose/1.png"],
    "of mixed depth": ["animal/cat/1.png", "plant/1.png"],
    "and mixed in one folder": ["animal/cat/1.png", "animal/2.png"],
    "splits in a folder": ["photos/train/a/1.png", "photos/test/a/2.png"],
    "in a split": ["train/animal/cat/1.png", "test/animal/cat/2.png"],
    "a split beside another folder": ["train/a/1.png", "other/1.png"],
}


@pytest.mark.parametrize("kind", NESTED)
def test_other_nesting_is_asked_about(make, kind):
    folder = make(*NESTED[kind])
    with pytest.raises(
        ValueError, match=r"folders below its class folders.*'path'.*'top'"
    ) as caught:
        folder_tree.read(folder)
    deepest = max(NESTED[kind], key=lambda name: name.count("/")).rpartition("/")[0]
    assert f"{deepest.removeprefix('train/')}: 1 image(s)" in str(caught.value)


def test_nested_classes_by_their_path_or_by_the_upper_folder(make):
    folder = make("animal/cat/1.png", "animal/2.png", "plant/rose/wild/1.png")
    assert read(folder, "path")[""] == {
        "animal/2.png": "animal",
        "animal/cat/1.png": "animal/cat",
        "plant/rose/wild/1.png": "plant/rose/wild",
    }
    assert set(read(folder, "top")[""].values()) == {"animal", "plant"}
    folder_in_splits = make("train/x/y/1.png").joinpath("train")
    assert read(folder_in_splits, "path")[""] == {"x/y/1.png": "x/y"}
    with pytest.raises(ValueError, match=r"`classes` got .*'flat'; allowed: None, 'path', 'top'"):
        folder_tree.read(folder, "flat")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["val/a/1.png", "valid/a/1.png"], r"has val and valid, which are both validation images"),
        (["train/a/1.png", "test/1.png"], r"test holds images without class folders.*train/a: 1"),
        (
            ["train/1.png", "test/1.png", "masks/1.png"],
            r"split folders test, train, and beside them masks. Take those away",
        ),
    ],
)
def test_splits_that_cannot_be_told(make, names, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        folder_tree.read(make(*names))


def test_a_long_tree_is_cut(make):
    with pytest.raises(ValueError, match=r"and 2 more folders"):
        folder_tree.read(make(*[f"a/{number:02d}/1.png" for number in range(12)]))


METADATA = {
    "metadata.csv": ("file_name,label\n1.png,cat\nx/2.png,dog\n", ["cat", "dog"]),
    "metadata.jsonl": (
        "\n".join(
            json.dumps({"file_name": name, "label": label})
            for name, label in (("x/2.png", [0, 3]), ("1.png", [1]))
        ),
        [1, (0, 3)],
    ),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_tell_the_classes(make, name):
    folder = make("1.png", "x/2.png")
    text, expected = METADATA[name]
    (folder / name).write_text(text)
    assert list(read(folder)[""].values()) == expected


def test_metadata_in_parquet(make):
    import pyarrow
    import pyarrow.parquet

    folder = make("1.png", "2.png")
    table = pyarrow.table({"file_name": ["2.png", "1.png"], "label": [1, 0]})
    pyarrow.parquet.write_table(table, folder / "metadata.parquet")
    assert read(folder)[""] == {"1.png": 0, "2.png": 1}


def test_metadata_of_splits(make):
    folder = make("train/1.png", "test/2.png")
    (folder / "metadata.csv").write_text("file_name,label\ntrain/1.png,cat\ntest/2.png,dog\n")
    expected = {"train": {"train/1.png": "cat"}, "query": {"test/2.png": "dog"}}
    assert read(folder) == expected
    (folder / "metadata.csv").unlink()
    (folder / "train" / "metadata.csv").write_text("file_name,label\n1.png,cat\n")
    (folder / "test" / "metadata.csv").write_text("file_name,label\n2.png,dog\n")
    assert read(folder) == expected


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("file_name,label\n1.png,cat\n", ValueError, r"no line for 1 image\(s\).*2\.png"),
        ("file_name,label\n9.png,cat\n", FileNotFoundError, r"line 2: there is no image .*9\.png"),
        ("file_name,label\n1.png,0\n./1.png,0\n", ValueError, r"line 3: \./1\.png has a line alr"),
        ("file_name,text\n1.png,hello\n", ValueError, r"none is `label`"),
        ("file_name\n1.png\n2.png\n", ValueError, r"metadata\.csv has no column `label`"),
    ],
)
def test_metadata_that_do_not_fit(make, text, error, message):
    folder = make("1.png", "2.png")
    (folder / "metadata.csv").write_text(text)
    with pytest.raises(error, match=message):
        folder_tree.read(folder)


def test_metadata_without_labels_beside_class_folders(make):
    folder = make("a/1.png", "b/2.png")
    (folder / "metadata.csv").write_text("file_name,text\na/1.png,hello\nb/2.png,world\n")
    (tree,) = folder_tree.read(folder).values()
    assert tree.labels == label_fields.Labels(items=[("a",), ("b",)], class_names=["a", "b"])
    ((path, reason),) = tree.passed_over
    assert path == folder / "metadata.csv"
    assert reason.startswith("the folders are the classes: ")
