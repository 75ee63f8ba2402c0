import dataclasses
import json

import numpy as np
import pytest
import safetensors.numpy

import keras_hashing as kh
from keras_hashing import encoding, methods, zoo
from keras_hashing.data import ImageSet, protocols
from keras_hashing.zoo import protocol_labels, saving
from tests.zoo.conftest import BITS, small_data, small_model
from tools import build_labels


def test_the_folder_is_whole(entry):
    names = {path.name for path in entry.iterdir()}
    assert names == {
        "README.md",
        "codes.npz",
        "config.json",
        "labels.npz",
        "metadata.json",
        "model.safetensors",
        "recipe.toml",
    }
    assert (entry / "recipe.toml").read_text() == 'name = "dhn_shades_12"\n'
    config = json.loads((entry / "config.json").read_text())
    assert config["format"] == 1
    assert config["method"] == "dhn"
    assert config["arguments"]["backbone"] == "small_cnn"


def test_backbone_is_stored_in_half_and_head_in_single_precision(entry):
    stored = safetensors.numpy.load((entry / "model.safetensors").read_bytes())
    kinds = {key.split("/")[0]: array.dtype.name for key, array in stored.items()}
    assert kinds.pop("head") == "float32"
    assert set(kinds.values()) == {"float16"}


def test_what_only_training_needs_is_left_out(tmp_path):
    data = small_data()
    model = methods.DPSH(bits=8, backbone="small_cnn", image_size=8, quantization_weight=0.01)
    model.compile("adamw")
    model.fit(data.train.images, data.train.labels, batch_size=12, verbose=0)
    made = zoo.save(model, tmp_path / "dpsh_shades_8", data)
    stored = safetensors.numpy.load((made.path / "model.safetensors").read_bytes())
    assert not [key for key in stored if "bank" in key]
    assert made.parameters == sum(array.size for array in stored.values())
    again = zoo.load(made.path)
    assert again.get_config()["quantization_weight"] == 0.01
    np.testing.assert_allclose(
        again.predict(data.query.images, verbose=0),
        model.predict(data.query.images, verbose=0),
        atol=5e-3,  # the backbone is stored as float16
    )
    again.compile("adamw")
    again.fit(data.train.images, data.train.labels, batch_size=12, verbose=0)
    assert again.bank_rows == len(data.train)


def test_codes_are_those_of_the_model_as_stored(entry):
    found = zoo.codes(entry)
    data = small_data()
    model = zoo.load(entry)
    assert np.array_equal(found.query_codes, kh.encode(model, data.query.images))
    assert np.array_equal(found.database_codes, kh.encode(model, data.database.images))
    assert found.query_codes.shape == (12, 2)
    assert np.array_equal(found.query_labels, data.query.labels)
    assert np.array_equal(found.database_ids, data.database.ids)


def test_entry_states_what_was_saved(entry):
    found = zoo.info(entry)
    assert (found.name, found.method, found.variant, found.bits) == (
        "dhn_shades_12",
        "dhn",
        "dhn",
        BITS,
    )
    assert found.counts == {"train": 36, "validation": 6, "query": 12, "database": 36}
    assert (found.backbone, found.image_size, found.protocol) == ("small_cnn", 8, None)
    assert found.parameters == small_model(hidden=8).count_params()
    assert set(found.files) == {path.name for path in entry.iterdir()} - {"metadata.json"}
    assert found.training["command"].startswith("keras-hashing train")


def test_rows_of_outputs_and_of_a_function(tmp_path):
    seen = {}

    def compare(model, query_outputs, database_outputs):
        seen.update(model=model, query=query_outputs, database=database_outputs)
        return [{"row": "mine", "text": "a row", "map": 0.5, "ties": "expected"}]

    model, data = small_model(), small_data()
    entry = zoo.save(model, tmp_path / "one", data, compare=compare)
    assert [row["row"] for row in entry.comparisons] == ["outputs_cosine", "outputs_inner", "mine"]
    assert seen["model"] is not model
    outputs = encoding.outputs(seen["model"], data.query.images)
    np.testing.assert_allclose(seen["query"], outputs, atol=1e-6)
    assert seen["database"].shape == (36, BITS)


def test_unlabelled_data(tmp_path):
    data = small_data()
    bare = {
        part: ImageSet(getattr(data, part).images, ids=getattr(data, part).ids)
        for part in ("train", "validation", "query", "database")
    }
    entry = zoo.save(small_model(), tmp_path / "bare", dataclasses.replace(data, **bare))
    assert not [key for key in entry.metrics if key.startswith("map")]
    assert zoo.codes(tmp_path / "bare").query_labels is None
    assert zoo.verify(tmp_path / "bare")[0].problems == []


def test_backbone_of_ones_own_is_refused(tmp_path):
    import keras

    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Dense(4, name="features")(keras.layers.Flatten(name="flat")(inputs))
    model = kh.methods.DHN(bits=8, backbone=keras.Model(inputs, outputs, name="mine"))
    with pytest.raises(ValueError, match="known by name; got a backbone of its own"):
        zoo.save(model, tmp_path / "x", small_data())
    head = kh.methods.DHN(bits=8, backbone=None)
    with pytest.raises(ValueError, match="known by name; got no backbone"):
        zoo.save(head, tmp_path / "x", small_data())
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_and_the_old_entry_stays(tmp_path, entry):
    model = small_model()
    model.head.layers[-1].weights[1].assign(np.full(BITS, np.nan))
    before = {path.name: path.read_bytes() for path in entry.iterdir()}
    with pytest.raises(ValueError, match="NaN or infinity; it is not saved"):
        zoo.save(model, entry, small_data())
    assert {path.name: path.read_bytes() for path in entry.iterdir()} == before
    assert [path.name for path in entry.parent.iterdir()] == ["dhn_shades_12"]


def test_a_folder_that_is_no_entry_is_not_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("mine")
    with pytest.raises(ValueError, match="is no entry; it is not replaced"):
        zoo.save(small_model(), tmp_path / "photos", small_data())
    assert (tmp_path / "photos" / "a.jpg").read_text() == "mine"


def test_recipe_must_be_toml_and_the_name_a_name(tmp_path):
    with pytest.raises(ValueError):
        zoo.save(small_model(), tmp_path / "x", small_data(), recipe="not = = toml")
    with pytest.raises(ValueError, match="an entry's name has letters"):
        zoo.save(small_model(), tmp_path / "a b", small_data())


def test_empty_queries(tmp_path):
    data = small_data()
    with pytest.raises(ValueError, match="must have queries"):
        zoo.save(
            small_model(), tmp_path / "x", dataclasses.replace(data, query=data.query.subset([]))
        )


def test_equal_bits_by_hand():
    codes = np.array([[0b101, 0], [0b111, 1]], np.uint8)
    others = np.array([[0b100, 0], [0b111, 0]], np.uint8)
    assert saving.equal_bits(codes, others, 10) == pytest.approx(1 - 2 / 20)


def test_labels_of_a_protocol_are_stored_once(tmp_path, monkeypatch):
    root = tmp_path / "zoo"
    (root / "protocols").mkdir(parents=True)
    monkeypatch.setattr("keras_hashing.resources._roots", lambda: [root])
    rng = np.random.default_rng(0)
    train_labels = rng.permutation(np.repeat(np.arange(10), 600))
    test_labels = rng.permutation(np.repeat(np.arange(10), 20))
    build_labels.write(root / "protocols" / "cifar10.npz", "cifar10", train_labels, test_labels)
    stored = protocol_labels.find("cifar10")
    labels = np.concatenate([train_labels, test_labels])
    split = protocols.split("cifar10-s1", train_labels, test_labels)
    images = (labels[:, None, None, None] * 20 + rng.integers(0, 9, (len(labels), 4, 4, 3))).astype(
        np.uint8
    )
    everything = ImageSet(images, labels, stored.ids(range(len(labels))))
    data = kh.data.Data(
        name="cifar10",
        train=everything.subset(split.training),
        validation=everything.subset([]),
        query=everything.subset(split.query),
        database=everything.subset(split.database),
        protocol="cifar10-s1",
        digests={
            part: protocols.digest(getattr(split, part), labels)
            for part in ("query", "training", "validation", "database")
        },
    )
    entry = zoo.save(small_model(), root / "entries" / "dhn_cifar10_12", data)
    assert "labels.npz" not in entry.files
    found = zoo.codes("dhn_cifar10_12")
    assert np.array_equal(found.query_labels, data.query.labels)
    assert np.array_equal(found.database_ids, data.database.ids)
    assert zoo.verify("dhn_cifar10_12")[0].problems == []

    # Other labels in the shared file: its digest tells.
    swapped = train_labels.copy()
    swapped[[np.flatnonzero(swapped == 0)[0], np.flatnonzero(swapped == 1)[0]]] = [1, 0]
    build_labels.write(root / "protocols" / "cifar10.npz", "cifar10", swapped, test_labels)
    with pytest.raises(ValueError, match="does not hold the labels that dhn_cifar10_12"):
        zoo.codes("dhn_cifar10_12")
    (root / "protocols" / "cifar10.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"zoo/protocols/cifar10.npz\) are missing"):
        zoo.codes("dhn_cifar10_12")
