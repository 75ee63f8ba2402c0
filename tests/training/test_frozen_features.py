from types import SimpleNamespace

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import encoding
from keras_hashing.data import ImageSet
from keras_hashing.training import frozen_features
from keras_hashing.training.frozen_features import (
    FrozenFeatures,
    PartFeatures,
    image_digest,
    rows_in,
)
from tests.training.photos import make_folder
from tests.zoo.conftest import small_model


@pytest.fixture
def network(monkeypatch):
    network = small_model().backbone
    known = SimpleNamespace(get=lambda name, size: network)
    monkeypatch.setattr(frozen_features, "backbones", known)
    monkeypatch.setattr(FrozenFeatures, "CHUNK", 4)
    return network


@pytest.fixture
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
    return ImageSet(pixels)


@pytest.fixture
def encoded(monkeypatch):
    """Numbers of images in the calls of the network."""
    sizes = []
    real = encoding.outputs

    def outputs(model, source, **arguments):
        sizes.append(len(source))
        return real(model, source, **arguments)

    monkeypatch.setattr(encoding, "outputs", outputs)
    return sizes


def test_features_are_the_networks_and_kept(network, images, encoded, tmp_path):
    cache = FrozenFeatures(tmp_path)
    expected = np.asarray(network(images.images))
    np.testing.assert_allclose(cache.of(images), expected, rtol=1e-4, atol=1e-5)
    assert encoded == [1, 4, 4, 2]
    np.testing.assert_allclose(FrozenFeatures(tmp_path).of(images), expected, rtol=1e-4, atol=1e-5)
    assert len(encoded) == 4
    assert [path.name for path in tmp_path.iterdir()] == [cache.path(images).name]


def test_other_images_size_and_order_have_other_files(images, tmp_path):
    cache = FrozenFeatures(tmp_path)
    paths = {
        cache.path(images),
        cache.path(images.subset(slice(None, None, -1))),
        cache.path(images.subset(slice(5))),
        FrozenFeatures(tmp_path, image_size=160).path(images),
        FrozenFeatures(tmp_path, "small_cnn").path(images),
    }
    assert len(paths) == 5


def test_a_killed_run_goes_on(network, images, encoded, tmp_path, monkeypatch):
    cache = FrozenFeatures(tmp_path)
    real, calls = cache._features, []

    def dies(subset):
        calls.append(len(subset))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(subset)

    monkeypatch.setattr(cache, "_features", dies)
    with pytest.raises(KeyboardInterrupt):
        cache.of(images)
    part = cache.path(images).with_suffix(".part")
    assert part.stat().st_size == 4 * 4 * 128
    with part.open("ab") as file:
        file.write(b"half a row")
    encoded.clear()
    found = FrozenFeatures(tmp_path).of(images)
    assert encoded == [1, 4, 2]
    np.testing.assert_allclose(found, network(images.images), rtol=1e-4, atol=1e-5)
    assert not part.exists()


def test_features_from_elsewhere(network, images, encoded, tmp_path):
    cache = FrozenFeatures(tmp_path)
    features = np.asarray(network(images.images))
    with pytest.raises(ValueError, match="`features` are not those of ImageSet"):
        cache.store(images, features[::-1])
    with pytest.raises(ValueError, match="`rows of features` must be between 1 and 10; got 20"):
        cache.store(images, np.tile(features, (2, 1)))
    unfinished = features.copy()
    unfinished[[3, 5]] = 0
    with pytest.raises(ValueError, match="2 rows of `features` are zeros; leave"):
        cache.store(images, unfinished)
    cache.store(images, features[:4])
    cache.store(images, features)
    assert [path.name for path in tmp_path.iterdir()] == [cache.path(images).name]
    encoded.clear()
    assert np.array_equal(cache.of(images), features)
    assert not encoded


def test_the_first_rows_from_elsewhere(network, images, encoded, tmp_path):
    cache = FrozenFeatures(tmp_path)
    features = np.asarray(network(images.images))
    cache.store(images, features[:7])
    encoded.clear()
    np.testing.assert_allclose(cache.of(images), features, rtol=1e-4, atol=1e-5)
    assert encoded == [1, 3]


def test_a_file_of_another_length(network, images, tmp_path):
    cache = FrozenFeatures(tmp_path)
    np.save(cache.path(images), np.zeros((3, 128), np.float32))
    with pytest.raises(ValueError, match="has 3 rows for 10 images. Delete it"):
        cache.of(images)


def test_files_are_known_by_their_bytes(tmp_path):
    from PIL import Image

    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        Image.new("RGB", (9, 9), "red").save(path)
    one = image_digest(ImageSet(paths=paths))
    Image.new("RGB", (9, 9), "blue").save(paths[1])
    assert image_digest(ImageSet(paths=paths)) != one


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A folder's data, its features, and how many photos went through the network."""
    network = kh.backbones.get("small_cnn", 8)
    monkeypatch.setattr(frozen_features, "backbones", SimpleNamespace(get=lambda *_: network))
    data = kh.data.from_folder(make_folder(tmp_path / "photos"), image_size=8)
    cache = frozen_features.FrozenFeatures(tmp_path / "features", "small_cnn", 8)
    counted = []
    compute = cache._features
    monkeypatch.setattr(
        cache, "_features", lambda images: counted.append(len(images)) or compute(images)
    )
    return data, PartFeatures(data, cache), counted, network


def test_each_part_has_its_own_rows(parts):
    data, features, counted, network = parts
    for part in (data.train, data.validation, data.query, data.database):
        expected = kh.encoding.outputs(network, part.paths)
        np.testing.assert_allclose(features.of(part), expected, atol=1e-5)
    backwards = data.train.subset(slice(None, None, -1))
    np.testing.assert_array_equal(features.of(backwards), features.of(data.train)[::-1])
    # One photo a set tells the number of channels; beside that, each photo once.
    assert sum(counted) == len(data.query) + 1 + len(data.database) + 1
    assert repr(features) == "small_cnn at 8 px"


def test_photos_of_elsewhere_are_computed(parts, tmp_path):
    _, features, _, network = parts
    other = kh.data.from_folder(make_folder(tmp_path / "other", count=4, size=9), image_size=8)
    expected = kh.encoding.outputs(network, other.train.paths)
    np.testing.assert_allclose(features.of(other.train), expected, atol=1e-5)


def test_images_are_found_by_what_they_are():
    rng = np.random.default_rng(0)
    whole = ImageSet(rng.integers(0, 256, (6, 4, 4, 3), dtype=np.uint8), ids=list("abcdef"))
    assert rows_in(whole, whole.subset([4, 1])) == [4, 1]
    assert rows_in(whole, whole.subset([])) == []
    assert rows_in(whole, ImageSet(whole.images[:2], ids=["a", "x"])) is None
    assert rows_in(whole, ImageSet(whole.images[:2], ids=["b", "a"])) is None  # other images
    files = ImageSet(paths=["1/a", "1/b"], ids=["a", "b"])
    assert rows_in(files, ImageSet(paths=["1/b"], ids=["z"])) == [1]
    assert rows_in(files, ImageSet(paths=["2/b"], ids=["b"])) is None
    assert rows_in(whole, files) is None
