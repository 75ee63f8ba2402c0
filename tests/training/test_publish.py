import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from keras_hashing import methods, zoo
from keras_hashing.data import Data, ImageSet
from keras_hashing.training import Recipe, Trained, comparisons, publish
from keras_hashing.training import frozen_features as features
from keras_hashing.training.publish import paper_figure, training_facts
from keras_hashing.training.recipe import Training
from tests.zoo.conftest import small_data, small_model

HISTORY = [
    {"epoch": 0.0, "loss": 0.9, "val_map": 0.5, "seconds": 60.0},
    {"epoch": 1.0, "loss": 0.7, "val_map": 0.81234, "seconds": 30.0},
    {"epoch": 2.0, "loss": 0.6, "val_map": 0.7, "seconds": 30.0},
]


def small_recipe(**training):
    return Recipe(
        name="dhn_shades_12",
        seed=3,
        model={"method": "dhn", "bits": 12, "backbone": "small_cnn", "image_size": 8},
        data={"dataset": "shades", "protocol": "shades-s1"},
        training=Training(epochs=3, **training),
        text='name = "dhn_shades_12"\n',
    )


def trained(tmp_path, model=None, data=None):
    model, data = model or small_model(), data or small_data()
    return Trained(small_recipe(), model, data, HISTORY, None, tmp_path)


@pytest.fixture(autouse=True)
def tiny_backbone(monkeypatch):
    """A small network in place of the frozen backbone."""
    network = small_model().backbone
    monkeypatch.setattr(features, "backbones", SimpleNamespace(get=lambda name, size: network))


def test_entry_with_every_row(tmp_path):
    entry = publish(trained(tmp_path), tmp_path / "dhn_shades_12")
    assert [row["row"] for row in entry.comparisons] == [
        "outputs_cosine",
        "outputs_inner",
        "frozen_cosine",
        "frozen_itq",
        "class_code",
        "own_class_code",
        "svm_class_code",
    ]
    assert all(0 <= row["map"] <= 1 for row in entry.comparisons)
    assert "efficientnet_lite0 at 224 px" in entry.comparisons[2]["text"]
    assert entry.training["epoch_kept"] == 2
    assert entry.paper is None
    assert zoo.verify(tmp_path / "dhn_shades_12")[0].problems == []
    assert len(list(tmp_path.glob("efficientnet_lite0_224_*.npy"))) == 3


def test_training_images_of_the_database_are_encoded_once(tmp_path, monkeypatch):
    data = small_data()
    inside = dataclasses.replace(data, train=data.database.subset(np.arange(0, 36, 2)))
    encoded = []
    outputs = zoo.image_outputs
    monkeypatch.setattr(zoo, "image_outputs", lambda m, i: encoded.append(len(i)) or outputs(m, i))
    entry = publish(trained(tmp_path, data=inside), tmp_path / "dhn_shades_12")
    assert encoded == [12, 36, 12]  # queries, database, and queries by the weights as trained
    expected = comparisons.own_class_row(
        inside,
        *(
            zoo.image_outputs(zoo.load(tmp_path / "dhn_shades_12"), part)
            for part in (inside.train, inside.query, inside.database)
        ),
    )
    assert entry.comparisons[5] == expected


def ten_shades():
    """Data of ten classes under the name of the protocol whose cards tell of new classes."""

    def part(count, prefix):
        labels = np.repeat(np.arange(10), count)
        noise = np.random.default_rng(count).integers(0, 20, (len(labels), 8, 8, 3))
        images = (20 * labels[:, None, None, None] + noise).astype(np.uint8)
        return ImageSet(images, labels, [f"{prefix}{i}" for i in range(len(labels))])

    return Data(
        name="cifar10",
        train=part(8, "t"),
        validation=part(1, "v"),
        query=part(2, "q"),
        database=part(6, "d"),
        protocol="cifar10-s1",
        digests={"query": "0" * 64},
    )


def test_cards_of_cifar10_tell_of_unseen_classes(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_hashing.training.comparisons.EPOCHS", 1)
    model = methods.DHN(bits=12, backbone="small_cnn", image_size=8)
    entry = publish(trained(tmp_path, model, ten_shades()), tmp_path / "dhn_cifar10_12")
    rows = {row["row"]: row for row in entry.comparisons}
    assert {"unseen", "unseen_itq", "seen"} <= rows.keys()
    assert "queries of classes 7-9" in rows["unseen"]["text"]
    assert "queries of classes 0-6" in rows["seen"]["text"]


def test_unlabelled_data_has_no_rows(tmp_path):
    data = small_data()
    parts = {
        part: ImageSet(getattr(data, part).images, ids=getattr(data, part).ids)
        for part in ("train", "validation", "query", "database")
    }
    data = Data(name="shades", **parts)
    entry = publish(trained(tmp_path, data=data), tmp_path / "x")
    assert entry.comparisons == []


def test_published_figures_belong_to_method_variant_protocol_and_bits():
    assert paper_figure("cnnh", "plus", "cifar10-s1", 48)["map"] == 0.532
    assert paper_figure("cnnh", "cnnh", "cifar10-s1", 48)["map"] == 0.522
    assert paper_figure("dhn", "q", "cifar10-s1", 48) is None
    assert paper_figure("dhn", "dhn", "cifar10-s1b", 48) is None
    assert paper_figure("dhn", "dhn", "cifar10-s1", 47) is None


def test_training_facts():
    facts = training_facts(small_recipe(), HISTORY)
    assert facts["command"] == "keras-hashing train dhn_shades_12.toml --data-dir DIR"
    assert (facts["seed"], facts["epochs"], facts["epoch_kept"]) == (3, 3, 2)
    assert facts["val_map_expected"] == 0.8123
    assert facts["minutes"] == 2.0
    assert facts["images"] == "the training images without the validation images"
    assert facts["backend"] in ("tensorflow on cpu:0", "tensorflow on gpu:0")
    last = training_facts(small_recipe(select="last"), HISTORY)
    assert (last["epoch_kept"], last["chosen_by"]) == (3, "the last epoch")
    bare = [{"epoch": 0.0, "loss": 1.0}]
    whole = training_facts(small_recipe(select="last", validation=False), bare)
    assert whole["images"] == "all training images"
    assert "epoch_kept" not in whole
    assert "minutes" not in whole
