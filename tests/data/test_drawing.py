import numpy as np
import pytest

from keras_hashing import data
from keras_hashing.data import drawing


def numbered(labels, first=0, names=None):
    ids = [f"{i:03d}" for i in range(first, first + len(labels))]
    pixels = np.zeros((len(labels), 1, 1, 1), np.uint8)
    return data.ImageSet(pixels, np.array(labels), ids, class_names=names)


def test_draw_takes_a_share_of_every_group():
    groups = {"a": np.arange(20), "b": np.arange(20, 30)}
    parts = drawing.draw(groups, 0.1, 0.2, 5)
    assert [len(parts[name]) for name in ("train", "validation", "query", "database")] == [
        21,
        3,
        6,
        24,
    ]
    assert (parts["query"] < 20).sum() == 4
    # The draw that published entries rest on, written out: a permutation for each group in turn.
    generator = np.random.Generator(np.random.PCG64(5))
    orders = [generator.permutation(20), 20 + generator.permutation(10)]
    assert parts["query"].tolist() == sorted([*orders[0][:4], *orders[1][:2]])
    assert parts["validation"].tolist() == sorted([*orders[0][4:6], *orders[1][2:3]])
    assert parts["database"].tolist() == sorted([*parts["train"], *parts["validation"]])


def test_a_group_too_small():
    with pytest.raises(ValueError, match=r"class 'a' has 2 usable image\(s\).*needs 3 or more"):
        drawing.draw({"a": np.arange(2)}, 0.1, 0.1, 0)
    with pytest.raises(ValueError, match=r"the list has 1 usable"):
        drawing.draw({"": np.arange(1)}, 0.1, 0, 0, "the list")
    for shares in ((1.5, 0), (0.5, 0.5), (0, -0.1)):
        with pytest.raises(ValueError, match=r"must be between|together must be below 1"):
            drawing.check_shares(*shares)


def test_groups():
    found = drawing.groups(np.array([2, 0, 2]), ["x", "y", "z"])
    assert {name: places.tolist() for name, places in found.items()} == {"x": [1], "z": [0, 2]}
    assert drawing.groups(np.array([7]), places=[0])["7"].tolist() == [0]
    assert drawing.groups(np.eye(3))[""].tolist() == [0, 1, 2]
    assert drawing.groups(None, places=[0, 1])[""].tolist() == [0, 1]


def test_what_is_missing_is_drawn_and_what_is_there_stays():
    train = numbered([0] * 10 + [1] * 10, names=["a", "b"])
    query, validation = numbered([0, 1], 100, ["a", "b"]), numbered([1], 200, ["a", "b"])
    both = drawing.complete({"train": train, "query": query, "validation": validation}, 0.1, 0.1, 0)
    assert both["train"].ids.tolist() == train.ids.tolist()
    assert both["database"].ids.tolist() == [*train.ids, "200"]
    assert both["query"] is query
    drawn = drawing.complete({"train": train, "query": query}, 0.1, 0.1, 0)
    assert [len(drawn[part]) for part in ("train", "validation", "query", "database")] == [
        18,
        2,
        2,
        20,
    ]
    joined = drawing.complete({"train": train, "query": query, "validation": validation}, 0, 0.1, 0)
    assert joined["train"].ids.tolist() == joined["database"].ids.tolist() == [*train.ids, "200"]
    assert len(joined["validation"]) == 0
    own = drawing.complete({"train": train, "query": query, "database": validation}, 0, 0, 0)
    assert own["database"] is validation
