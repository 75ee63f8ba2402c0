"""Tiny builders of TFDS, written to a temporary folder; nothing is downloaded."""

import types

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_hashing import data
from keras_hashing.data import tfds_records

F = tfds.features
COUNTS = {"train": 12, "validation": 4, "test": 6}


def picture(number, side):
    pixels = np.zeros((side, side + number, 3), np.uint8)
    pixels[..., 0] = number
    return pixels


class OwnBuilder(tfds.core.GeneratorBasedBuilder):
    """What the builders below have in common; image `i` is red by `i` and `i` pixels wider."""

    VERSION = tfds.core.Version("1.0.0")
    counts, supervised, skip_registration = COUNTS, None, True

    def _info(self):
        return self.dataset_info_from_configs(
            features=F.FeaturesDict(self.features()), supervised_keys=self.supervised
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(count) for split, count in self.counts.items()}

    def _generate_examples(self, count):
        for number in range(count):
            yield number, self.example(number)


class OwnFlowers(OwnBuilder):
    """Images of many sizes and one class each, as oxford_flowers102."""

    supervised = ("picture", "kind")

    def features(self):
        # Two class labels: the supervised keys decide.
        return {
            "picture": F.Image(encoding_format="png"),
            "kind": F.ClassLabel(names=["rose", "tulip"]),
            "season": F.ClassLabel(names=["spring", "summer"]),
            "file_name": F.Text(),
        }

    def example(self, i):
        kind = ["rose", "tulip"][i % 2]
        return {"picture": picture(i, 9), "kind": kind, "season": "spring", "file_name": f"{i}"}


class OwnScenes(OwnBuilder):
    """Boxes of objects, as VOC and COCO; the split is only one."""

    counts = {"train": 20}  # noqa: RUF012

    def features(self):
        box = {"bbox": F.BBoxFeature(), "label": F.ClassLabel(names=["car", "dog", "sky"])}
        return {"image": F.Image(encoding_format="jpeg"), "objects": F.Sequence(box)}

    def example(self, i):
        found = ["car", "dog", "sky"][: i % 4]
        return {
            "image": picture(i, 8),
            "objects": [{"bbox": F.BBox(0.0, 0.0, 1.0, 1.0), "label": name} for name in found],
        }


class OwnDigits(OwnBuilder):
    """Small gray images of one size, and a test split without labels."""

    counts = {"train": 20, "test": 3}  # noqa: RUF012

    def features(self):
        return {"image": F.Image(shape=(5, 6, 1)), "label": F.ClassLabel(num_classes=2)}

    def example(self, i):
        return {"image": np.full((5, 6, 1), i, np.uint8), "label": i % 2}

    def _generate_examples(self, count):
        for number, example in super()._generate_examples(count):
            yield number, {**example, "label": -1} if count == 3 else example


class OwnSounds(OwnBuilder):
    """No image."""

    def features(self):
        return {"audio": F.Audio(), "label": F.ClassLabel(num_classes=2)}


class OwnCaptions(OwnBuilder):
    """No label."""

    def features(self):
        return {"image": F.Image(), "caption": F.Text()}


class OwnPairs(OwnBuilder):
    """Two images."""

    def features(self):
        return {"left": F.Image(), "right": F.Image(), "label": F.ClassLabel(num_classes=2)}


@pytest.fixture(autouse=True)
def known(monkeypatch, tmp_path):
    """`tfds.builder` finds the builders above, in a temporary folder."""
    real = tfds.builder
    own = {kind.name: kind for kind in OwnBuilder.__subclasses__()}

    def builder(name, data_dir=None):
        return own[name](data_dir=data_dir) if name in own else real(name, data_dir=data_dir)

    monkeypatch.setattr(tfds, "builder", builder)


def red(images):
    return [int(data.read_image(path)[0, 0, 0]) for path in images.paths]


def test_images_of_many_sizes_are_kept_as_files(tmp_path):
    loaded = data.load("own_flowers", data_dir=tmp_path, image_size=7)
    sizes = {part: len(getattr(loaded, part)) for part in ("train", "validation", "query")}
    assert sizes == {"train": 12, "validation": 4, "query": 6}
    assert (loaded.name, loaded.protocol, loaded.class_names) == (
        "own_flowers",
        None,
        ["rose", "tulip"],
    )
    assert len(loaded.database) == 16
    # TFDS shuffles what it writes; the label and the width tell that pairs stay together.
    assert sorted(red(loaded.train)) == list(range(12))
    assert [number % 2 for number in red(loaded.train)] == loaded.train.labels.tolist()
    widths = [data.read_image(path).shape[1] - 9 for path in loaded.query.paths]
    assert widths == red(loaded.query)
    assert loaded.train.ids[:2].tolist() == ["train_00000", "train_00001"]
    assert loaded.train.class_names == ["rose", "tulip"]
    pixels, _ = next(iter(loaded.query.dataset(6)))
    assert pixels.shape == (6, 7, 7, 3)


def test_the_files_are_written_once(tmp_path, monkeypatch):
    first = data.load("own_flowers", data_dir=tmp_path)
    monkeypatch.setattr(tfds_records, "_write", None)
    second = data.load("own_flowers", data_dir=tmp_path, validation=False)
    assert second.query.paths == first.query.paths
    assert second.query.labels.tolist() == first.query.labels.tolist()
    assert set(second.train.ids) == {*first.train.ids, *first.validation.ids}
    assert len(second.validation) == 0


def test_objects_become_multi_hot_and_missing_splits_are_drawn(tmp_path):
    loaded = data.load("own_scenes", data_dir=tmp_path)
    assert loaded.class_names == ["car", "dog", "sky"]
    parts = (loaded.train, loaded.validation, loaded.query, loaded.database)
    assert [len(part) for part in parts] == [16, 2, 2, 18]
    for path, row in zip(loaded.train.paths, loaded.train.labels, strict=True):
        number = data.read_image(path).shape[1] - 8  # JPEG keeps widths, not colours
        assert row.tolist() == [int(place < number % 4) for place in range(3)]


def test_small_images_are_arrays_and_splits_without_labels_are_told(tmp_path):
    with pytest.warns(UserWarning, match=r"own_digits/1\.0\.0: the split 'test' has no labels"):
        loaded = data.load("own_digits", data_dir=tmp_path)
    assert loaded.train.images.shape == (16, 5, 6, 1)
    assert loaded.class_names == []  # TFDS was told no names
    every = np.concatenate([loaded.database.images, loaded.query.images])[:, 0, 0, 0]
    assert sorted(every.tolist()) == list(range(20))
    assert (loaded.database.images[:, 0, 0, 0] % 2 == loaded.database.labels).all()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_sounds", r"own_sounds/1\.0\.0 must have one image feature; it has none.*audio"),
        ("own_captions", r"one label feature; it has none. Its features are image, caption"),
        ("own_pairs", r"one image feature; it has several: left, right"),
        ("oxford_flower102", r"knows no 'oxford_flower102'; did you mean 'oxford_flowers102'"),
    ],
)
def test_what_cannot_be_read_is_refused_before_it_is_downloaded(tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        data.load(name, data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_protocol_is_for_the_built_in_sets(tmp_path):
    with pytest.raises(ValueError, match=r"`protocol` is for cifar10.*own_flowers is read by its"):
        data.load("own_flowers", "cifar10-s1", data_dir=tmp_path)


def test_too_many_pixels_for_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_records, "MAX_BYTES", 599)  # 20 images of 30 bytes
    with pytest.raises(ValueError, match=r"own_digits/1\.0\.0, train: .* GiB of pixels; at most"):
        data.load("own_digits", data_dir=tmp_path)


def reading(**features):
    features = {"image": F.Image(), **features}
    info = types.SimpleNamespace(features=features, supervised_keys=None, full_name="own/1.0.0")
    return tfds_records.reading(info)


KIND = F.ClassLabel(names=["a", "b"])


@pytest.mark.parametrize(
    ("features", "way", "kind"),
    [
        ({"species": KIND, "id": F.Scalar(np.int64)}, ("species",), "number"),
        ({"label": F.Scalar(np.int64), "id": F.Scalar(np.int64)}, ("label",), "number"),
        (
            {"labels": F.Sequence(KIND), "objects": F.Sequence({"label": KIND})},
            ("labels",),
            "several",
        ),
        (
            {"objects": F.Sequence({"label": KIND, "id": F.Scalar(np.int64)})},
            ("objects", "label"),
            "several",
        ),
        ({"label": F.Tensor(shape=(5,), dtype=np.uint8)}, ("label",), "flags"),
    ],
)
def test_the_label_among_other_features(features, way, kind):
    found = reading(**features)
    assert (found.label, found.kind) == (way, kind)


@pytest.mark.parametrize(
    "features",
    [
        {"id": F.Scalar(np.int64)},
        {"label": F.Text()},
        {"label": F.Scalar(np.float32)},
        {"box": F.BBoxFeature(), "mask": F.LabeledImage(labels=2)},
        {"attributes": F.FeaturesDict({"young": np.bool_})},
        {"label": F.Tensor(shape=(None,), dtype=np.int64)},
    ],
)
def test_what_is_no_label(features):
    with pytest.raises(ValueError, match=r"must have one label feature; it has none"):
        reading(**features)


@pytest.mark.parametrize("shape", [(None, None, 3), (200, 200, 3), (8, 8, 4)])
def test_large_and_transparent_images_are_files(shape):
    assert reading(image=F.Image(shape=shape), label=KIND).shape is None
