import dataclasses
import sys

import numpy as np
import pytest

from keras_hashing import data as datasets
from keras_hashing.training import comparisons
from keras_hashing.training.comparisons import Features


def blobs(classes=3, per_class=20, channels=16, spread=0.05, seed=0):
    """Features around one corner a class, far apart where `spread` is small."""
    rng = np.random.default_rng(seed)
    centres = np.eye(classes, channels) * 4
    arrays = {}
    for part in ("train", "query", "database"):
        labels = np.repeat(np.arange(classes), per_class)
        noise = rng.normal(0, spread, (len(labels), channels))
        arrays[part] = (centres[labels] + noise).astype(np.float32)
        arrays[f"{part}_labels"] = labels
    return Features(**arrays)


def test_separate_classes_are_found_by_all():
    rows = comparisons.frozen_rows(blobs(), 8, "a network")
    found = {row["row"]: row for row in rows}
    assert set(found) == {"frozen_cosine", "frozen_itq", "class_code"}
    assert found["frozen_cosine"]["map"] == pytest.approx(1)
    assert found["class_code"]["map"] == pytest.approx(1)
    assert "(accuracy 1.000)" in found["class_code"]["text"]
    assert found["frozen_itq"]["map"] > 0.9
    assert "8 bits, on the features of a network" in found["frozen_itq"]["text"]
    assert {row["ties"] for row in rows} == {"expected"}


def test_class_code_by_hand():
    # Two classes on a line; the classifier calls one of the two queries and one of the four
    # database items of class 1 a 0. Query 0 of class 0: its bucket holds 3 items, 2 relevant.
    features = Features(
        train=np.array([[-1.0], [1.0]], np.float32),
        train_labels=np.array([0, 1]),
        query=np.array([[-1.0]], np.float32),
        query_labels=np.array([0]),
        database=np.array([[-1.0], [-2.0], [-1.0], [1.0]], np.float32),
        database_labels=np.array([0, 0, 1, 1]),
    )
    found, accuracy = comparisons.class_code_map(features)
    # The wrong one is third, second or first: (1 + 1) / 2, (1 + 2/3) / 2, (1/2 + 2/3) / 2.
    assert found == pytest.approx((1 + 5 / 6 + 7 / 12) / 3)
    assert accuracy == 1.0


def test_itq_is_left_out_where_it_cannot_be():
    rows = comparisons.frozen_rows(blobs(channels=6), 8, "a network")
    assert [row["row"] for row in rows] == ["frozen_cosine", "class_code"]


def test_multi_hot_labels_have_no_class_code():
    single = blobs()
    one_hot = {
        f"{part}_labels": np.eye(3, dtype=int)[getattr(single, f"{part}_labels")]
        for part in ("train", "query", "database")
    }
    features = Features(single.train, query=single.query, database=single.database, **one_hot)
    rows = comparisons.frozen_rows(features, 8, "a network")
    assert [row["row"] for row in rows] == ["frozen_cosine", "frozen_itq"]


def test_a_linear_svm_sees_codes_alone(monkeypatch):
    # Class 1 has its first bit on, whatever the size of the outputs; one query has it wrong.
    def images(labels):
        pixels = np.zeros((len(labels), 4, 4, 3), np.uint8)
        return datasets.ImageSet(images=pixels, labels=np.array(labels))

    parts = {
        "train": images([0, 0, 1, 1]),
        "query": images([0, 1, 1]),
        "database": images([0, 1, 1]),
    }
    data = dataclasses.make_dataclass("Parts", parts)(**parts)
    train = np.array([[-9.0, 0.1], [-0.1, -5.0], [0.1, 7.0], [3.0, -0.2]])
    query = np.array([[-0.1, 1.0], [0.0, 1.0], [-4.0, 1.0]])  # an output of 0 is a bit that is on
    database = np.array([[-1.0, 1.0], [1.0, 1.0], [0.5, -1.0]])
    row = comparisons.svm_row(data, train, query, database)
    assert row["text"] == "the class that a linear SVM on its codes gives (accuracy 0.667)"
    # Found first: the right class twice; the third query has one item first, then both of its own.
    assert row["map"] == pytest.approx((1 + 1 + (1 / 2 + 2 / 3) / 2) / 3)
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    assert comparisons.svm_row(data, train, query, database) is None


def test_first_bits_by_hand():
    # One query, sign +, -. On the first bit items 0 and 2 tie at distance 0, item 1 is at 1;
    # the second bit, and it alone, would put item 2 first.
    def part(labels):
        images = np.zeros((len(labels), 4, 4, 3), np.uint8)
        return datasets.ImageSet(images=images, labels=np.array(labels))

    database = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]], np.float32)
    parts = {"query": part([0]), "database": part([1, 0, 0])}
    data = dataclasses.make_dataclass("Parts", ("query", "database"))(**parts)
    (row,) = comparisons.prefix_rows(data, np.array([[1.0, -1.0]]), database, [1])
    # Items 0 and 2 in either order, then item 1: (1/2 + 2/3) / 2 or (1 + 2/3) / 2.
    assert row["map"] == pytest.approx((7 / 12 + 10 / 12) / 2)
    assert (row["row"], row["ties"]) == ("first_1", "expected")
    assert row["text"] == "its first 1 bits (mAP@3(hits) 0.7083)"


def test_unseen_classes_are_not_trained_on(monkeypatch):
    seen = {}
    real = comparisons._train_head

    def train_head(features, method, arguments):
        seen["labels"] = set(features.train_labels.tolist())
        return real(features, method, arguments)

    monkeypatch.setattr(comparisons, "_train_head", train_head)
    monkeypatch.setattr(comparisons, "EPOCHS", 30)
    monkeypatch.setattr(comparisons, "BATCH_SIZE", 30)
    features = blobs(classes=10, per_class=30, channels=24, spread=0.5)
    arguments = {"bits": 16, "alpha": 0.2, "quantization_weight": 0.01}
    rows = comparisons.unseen_rows(features, "dhn", arguments, "a network")
    assert seen["labels"] == set(range(7))
    found = {row["row"]: row["map"] for row in rows}
    assert found["seen"] > 0.7
    assert found["unseen"] < found["seen"]
    assert 0 < found["unseen_itq"] <= 1
    assert "a head of this method on the frozen features of a network" in rows[0]["text"]
