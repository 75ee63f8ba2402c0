import numpy as np
import pytest

from keras_hashing import data


@pytest.fixture
def write(tmp_path, save_photo):
    """A function that writes `NAME.txt` beside photos 0.png to 9.png."""
    for number in range(10):
        save_photo(tmp_path / f"{number}.png", number)

    def write_list(name, *lines):
        path = tmp_path / f"{name}.txt"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return write_list


def test_parts_share_one_map(write, tmp_path):
    loaded = data.from_lists(
        write("train", "0.png dog", "1.png cat"),
        write("test", "2.png cow"),
        write("database", "0.png dog", "1.png cat", "3.png cow"),
        image_size=8,
    )
    assert loaded.class_names == ["cat", "cow", "dog"]
    assert loaded.train.labels.tolist() == [2, 0]
    assert loaded.query.labels.tolist() == [1]
    assert loaded.database.labels.tolist() == [2, 0, 1]
    assert loaded.name == tmp_path.name
    assert len(loaded.validation) == 0
    assert all(part.class_names == loaded.class_names for part in (loaded.train, loaded.query))
    assert loaded.train.image_size == 8


def test_several_classes_in_one_list_make_all_multi_hot(write):
    loaded = data.from_lists(
        write("train", "0.png 3,1"), write("test", "1.png 0"), write("database", "2.png 1")
    )
    assert loaded.query.labels.tolist() == [[1, 0, 0, 0]]
    assert loaded.train.labels.tolist() == [[0, 1, 0, 1]]


def test_validation_by_list_and_by_share(write):
    train = write("train", *[f"{i}.png {i % 2}" for i in range(8)])
    others = write("test", "8.png 0"), write("database", "9.png 1")
    held_out = data.from_lists(train, *others, write("validation", "9.png 1")).validation
    assert held_out.ids.tolist() == ["9.png"]
    drawn = data.from_lists(train, *others, 0.25, seed=3)
    assert np.bincount(drawn.validation.labels).tolist() == [1, 1]
    assert {*drawn.validation.ids, *drawn.train.ids} == {f"{i}.png" for i in range(8)}
    assert len(drawn.train) == 6
    assert drawn.seed == 3
    with pytest.raises(ValueError, match=r"`validation` must be between 0.0 and 1.0; got 2"):
        data.from_lists(train, *others, 2)


def test_labels_in_files_beside(write):
    pair = write("images", "0.png", "1.png"), write("labels", "0 1", "1 1")
    database = write("database", "2.png 1 0")
    loaded = data.from_lists(pair, write("test", "3.png 0 0"), list(pair[:1]) + [pair[1]])
    assert loaded.train.labels.tolist() == loaded.database.labels.tolist() == [[0, 1], [1, 1]]
    with pytest.raises(ValueError, match=r"`train` must be a list file, or a pair.*got 1 items"):
        data.from_lists([pair[0]], database, database)


def test_parts_that_do_not_agree(write):
    train, query = write("train", "0.png 1"), write("test", "1.png 0")
    with pytest.raises(ValueError, match=r"0\.png has other labels in the list for `database`"):
        data.from_lists(train, query, write("database", "./0.png 2"))
    with pytest.raises(ValueError, match=r"of one list are names, of another numbers"):
        data.from_lists(train, query, write("database", "2.png cat"))
    with pytest.raises(ValueError, match=r"list for `database`, .*database\.txt, has no labels"):
        data.from_lists(train, query, write("database", "2.png"))
    with pytest.raises(
        ValueError, match=r"same number of flags; got other labels, other labels, 2"
    ):
        data.from_lists(train, query, write("database", "2.png 0 1"))


def test_queries_among_others_are_told(write):
    train, query = write("train", "0.png 1"), write("test", "0.png 1", "1.png 0")
    with pytest.warns(UserWarning) as caught:
        data.from_lists(train, query, query)
    words = [str(warning.message) for warning in caught]
    assert words == [
        "2 of 2 query image(s) are in database too. Leave each out of its own search: "
        "evaluate(exclude_self=True).",
        "1 of 2 query image(s) are in train too. Figures will be too good.",
    ]


def test_unlabelled_lists(write):
    parts = [write(name, f"{place}.png") for place, name in enumerate("abc")]
    loaded = data.from_lists(*parts)
    assert loaded.train.labels is None
    assert loaded.class_names == []
