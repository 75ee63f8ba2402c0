import hashlib

import numpy as np
import pytest

from keras_hashing import data
from keras_hashing.data import multi_fashion, tfds_files

SIZES = {"train": 5000, "test": 1000}  # images a class, as CIFAR-10 has them


def fake_split(name, per_class):
    """Blank images of CIFAR-10's sizes; the red value is the label."""
    labels = np.random.default_rng(per_class).permutation(np.repeat(np.arange(10), per_class))
    images = np.zeros((len(labels), 1, 1, 3), np.uint8)
    images[..., 0] = labels[:, None, None]
    return data.ImageSet(images, labels, [f"{name}_{i:05d}" for i in range(len(labels))])


@pytest.fixture
def fake_cifar(monkeypatch):
    """`load` reads blank images in place of TFDS' files."""
    parts = [fake_split(name, per_class) for name, per_class in SIZES.items()]
    asked = []

    def read(tfds_name, data_dir):
        asked.append((tfds_name, data_dir))
        return (*parts, [f"class {i}" for i in range(10)])

    monkeypatch.setattr(tfds_files, "read", read)
    return asked


def test_parts_of_s1(fake_cifar):
    loaded = data.load("cifar10", protocol="cifar10-s1", data_dir="somewhere")
    sizes = [len(p) for p in (loaded.train, loaded.validation, loaded.query, loaded.database)]
    assert sizes == [4500, 500, 1000, 54000]
    assert (loaded.name, loaded.protocol, loaded.seed) == ("cifar10", "cifar10-s1", 0)
    assert loaded.class_names[3] == loaded.query.class_names[3] == "class 3"
    assert fake_cifar == [("cifar10:3.*.*", "somewhere")]
    every_id = np.concatenate(
        [p.ids for p in (loaded.train, loaded.validation, loaded.query, loaded.database)]
    )
    assert len(set(every_id)) == 60000
    for part in (loaded.train, loaded.validation, loaded.query, loaded.database):
        np.testing.assert_array_equal(part.images[:, 0, 0, 0], part.labels)
        place = [(i.startswith("test"), i) for i in part.ids]  # train before test
        assert place == sorted(place)
    assert np.bincount(loaded.validation.labels).tolist() == [50] * 10


def test_digests_tell_the_protocol_with_and_without_validation(fake_cifar):
    loaded = data.load("cifar10")
    whole = data.load("cifar10", validation=False)
    assert loaded.protocol == "cifar10-s1"
    assert loaded.digests == whole.digests
    assert loaded.digests["training"].startswith("05ac5f3f2726de8c")
    assert len(whole.train) == 5000
    assert len(whole.validation) == 0
    assert set(whole.train.ids) == set(loaded.train.ids) | set(loaded.validation.ids)


@pytest.mark.parametrize(
    ("protocol", "sizes"),
    [
        ("cifar10-s1b", [4500, 500, 1000, 59000]),
        ("cifar10-s2", [49000, 1000, 10000, 50000]),
        ("cifar10-orig", [49000, 1000, 10000, 50000]),
        ("cifar10-unseen", [3150, 350, 300, 54000]),
    ],
)
def test_sizes_of_the_other_protocols(fake_cifar, protocol, sizes):
    loaded = data.load("cifar10", protocol)
    parts = (loaded.train, loaded.validation, loaded.query, loaded.database)
    assert [len(part) for part in parts] == sizes


def test_another_seed_is_another_draw(fake_cifar):
    first, second = data.load("cifar10"), data.load("cifar10", seed=1)
    assert first.digests != second.digests
    assert second.seed == 1


def test_unknown_names(fake_cifar):
    with pytest.raises(ValueError, match=r"knows no 'cifar11'; did you mean 'cifar10"):
        data.load("cifar11")
    with pytest.raises(TypeError, match=r"`name` must be the name of a data set; got 10"):
        data.load(10)
    with pytest.raises(ValueError, match=r"unknown value 'mnist-s1'; allowed: 'cifar10-s1', "):
        data.load("cifar10", "mnist-s1")


@pytest.fixture
def fake_multi_fashion(monkeypatch):
    """Blank sets of multifashion's sizes in place of the made ones."""
    asked = []

    def read(data_dir):
        asked.append(data_dir)
        generator = np.random.default_rng(1)
        return {
            name: data.ImageSet(
                np.zeros((count, 1, 1, 1), np.uint8),
                generator.integers(0, 2, (count, 10), np.uint8),
                [f"{name}_{i:05d}" for i in range(count)],
            )
            for name, count in multi_fashion.SIZES.items()
        }

    monkeypatch.setattr(multi_fashion, "read", read)
    return asked


def test_parts_of_multifashion(fake_multi_fashion):
    loaded = data.load("multifashion", protocol="multifashion", data_dir="somewhere")
    parts = (loaded.train, loaded.validation, loaded.query, loaded.database)
    assert [len(part) for part in parts] == [4500, 500, 1000, 20000]
    assert (loaded.name, loaded.protocol, loaded.seed) == ("multifashion", "multifashion", 0)
    assert loaded.class_names[0] == "T-shirt/top"
    assert len(loaded.class_names) == 10
    assert fake_multi_fashion == ["somewhere"]
    ids = [(part.ids[0], part.ids[-1]) for part in parts]
    assert ids[:2] == [("training_00000", "training_04499"), ("training_04500", "training_04999")]
    assert ids[2:] == [("query_00000", "query_00999"), ("database_00000", "database_19999")]
    training = np.concatenate([loaded.train.labels, loaded.validation.labels])
    assert loaded.digests == {
        "query": hashlib.sha256(loaded.query.labels.tobytes()).hexdigest(),
        "training": hashlib.sha256(training.tobytes()).hexdigest(),
        "validation": hashlib.sha256(loaded.validation.labels.tobytes()).hexdigest(),
        "database": hashlib.sha256(loaded.database.labels.tobytes()).hexdigest(),
    }


def test_multifashion_without_validation_and_by_its_other_name(fake_multi_fashion):
    loaded = data.load("multi_fashion", validation=False)
    assert (len(loaded.train), len(loaded.validation)) == (5000, 0)
    assert loaded.name == "multifashion"
    assert loaded.digests == data.load("multifashion").digests
    assert fake_multi_fashion == [None, None]


def test_multifashion_has_one_protocol_and_one_draw(fake_multi_fashion):
    with pytest.raises(ValueError, match=r"unknown value 'fashion-s1'; allowed: 'multifashion'"):
        data.load("multifashion", "fashion-s1")
    with pytest.raises(ValueError, match=r"`seed` must be 0 for multifashion.*got 3. Leave `seed`"):
        data.load("multifashion", seed=3)
    assert fake_multi_fashion == []


def test_an_incomplete_data_set_fails_loudly(monkeypatch):
    parts = fake_split("train", 400), fake_split("test", 300)
    monkeypatch.setattr(tfds_files, "read", lambda *_: (*parts, []))
    with pytest.raises(RuntimeError, match=r"not the published 2bac2598.*is not complete"):
        data.load("cifar10")


def test_a_missing_data_dir_is_not_filled(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder `data_dir` .*typo. Make it, or leave"):
        data.load("cifar10", data_dir=tmp_path / "typo")
    with pytest.raises(FileNotFoundError, match=r"no folder `data_dir` .*typo. Make it, or leave"):
        data.load("multifashion", data_dir=tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


@pytest.mark.data
def test_real_cifar10(real_data):
    loaded = data.load("cifar10", data_dir=real_data, validation=False)
    assert loaded.query.ids[:3].tolist() == ["train_00131", "train_00197", "train_00232"]
    assert sum(i.startswith("test") for i in loaded.query.ids) == 165
    assert sum(i.startswith("test") for i in loaded.train.ids) == 845
    assert loaded.class_names[:2] == ["airplane", "automobile"]
    assert loaded.query.images.shape == (1000, 32, 32, 3)


@pytest.mark.data
def test_real_fashion_mnist_is_in_one_order(real_data):
    loaded = data.load("fashion", "fashion-orig", data_dir=real_data)
    assert loaded.query.labels[:8].tolist() == [4, 4, 9, 7, 5, 1, 0, 5]
    labels = np.concatenate([loaded.database.labels, loaded.query.labels])
    assert hashlib.sha256(labels.astype(np.uint8)).hexdigest().startswith("88856f9b16076254")
    assert len(data.load("fashion", data_dir=real_data).database) == 64000


def test_what_data_say_of_themselves():
    images = data.ImageSet(np.zeros((3, 8, 8, 3), "uint8"), ["<b>", "cat", "<b>"])
    parts = dict.fromkeys(("train", "validation", "query", "database"), images)
    found = data.Data("pets", **parts, protocol="own", seed=2, passed_over=[("a.jpg", "empty")])
    text, table = repr(found), found._repr_html_()
    for said in ("Data pets", "train: ImageSet(3 images", "protocol: own, seed 2", "over: 1"):
        assert said in text
    assert table.count("<tr>") == 6
    assert "&lt;b&gt;" in table and "<b>" not in table
