import keras
import numpy as np
import pytest

from keras_hashing import backbones, methods
from keras_hashing.training.freezing import freeze_before


def test_the_upper_part_trains_but_for_depthwise_kernels():
    backbone = backbones.get("efficientnet_lite0", image_size=32, pretrained=False)
    freeze_before(backbone, "block6c")
    assert [variable.path for variable in backbone.trainable_variables] == [
        f"{name}_conv/kernel"
        for name in (
            "block6c_expand",
            "block6c_project",
            "block6d_expand",
            "block6d_project",
            "block7a_expand",
            "block7a_project",
            "top",
        )
    ]


def test_small_networks_without_depthwise_kernels():
    backbone = backbones.get("small_cnn", image_size=16)
    whole = len(backbone.trainable_variables)
    (network,) = (layer for layer in backbone.layers if hasattr(layer, "layers"))
    last = [layer.name for layer in network.layers if layer.weights][-1]
    freeze_before(backbone, last)
    trained = backbone.trainable_variables
    assert 0 < len(trained) < whole
    assert all(variable.path.startswith(last) for variable in trained)


def test_an_unknown_layer_is_named():
    backbone = backbones.get("efficientnet_lite0", image_size=32, pretrained=False)
    before = len(backbone.trainable_variables)
    with pytest.raises(ValueError, match="got 'block9'. Layers with weights: stem_conv, block1a"):
        freeze_before(backbone, "block9")
    assert len(backbone.trainable_variables) == before


def test_what_is_frozen_does_not_move():
    model = methods.DHN(8, backbone="efficientnet_lite0", image_size=32)
    freeze_before(model.backbone, "block7a")
    before = {variable.path: np.array(variable.numpy()) for variable in model.weights}
    model.compile(keras.optimizers.SGD(1.0))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 32, 32, 3)).astype("uint8")
    model.fit(images, np.arange(8) % 2, batch_size=8, verbose=0)
    moved = {
        variable.path.split("/")[0]
        for variable in model.weights
        if not np.array_equal(before[variable.path], np.asarray(variable))
    }
    assert moved == {"block7a_expand_conv", "block7a_project_conv", "top_conv", "head"}
