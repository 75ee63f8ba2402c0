import keras
import numpy as np
import pytest

from keras_hashing import backbones, methods
from keras_hashing.training.optimizer import HeadRate, freeze_before, make_optimizer
from keras_hashing.training.recipe import Training


def rates(**settings):
    """The learning rate as a function of the step, 10 steps an epoch."""
    return make_optimizer(Training(epochs=10, **settings), steps_per_epoch=10)._learning_rate


def test_learning_rate_warms_up_and_falls_to_zero():
    rate = rates()
    values = [float(rate(step)) for step in (0, 5, 10, 55, 100)]
    np.testing.assert_allclose(values, [0, 2.5e-4, 5e-4, 2.5e-4, 0], atol=1e-9)


@pytest.mark.parametrize(("schedule", "end"), [("cosine", 0.0), ("constant", 1e-2)])
def test_schedules_rise_alike_and_end_differently(schedule, end):
    rate = rates(learning_rate=1e-2, schedule=schedule)
    assert float(rate(5)) == pytest.approx(0.5e-2)  # 10 steps of warming up
    assert float(rate(10)) == pytest.approx(1e-2)
    assert float(rate(100)) == pytest.approx(end, abs=1e-8)


def largest_steps(method, head_rate):
    """Largest changes of weights of backbone and head in one step.

    In its first step Adam moves a weight by the rate, whatever the gradient.
    """
    keras.utils.set_random_seed(0)
    model = methods.NAMES[method](bits=8, backbone="small_cnn", image_size=16)
    images = np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3)).astype("uint8")
    labels = np.arange(16) % 4
    if model.needs_labels:
        model.prepare(labels)
    model.compile(HeadRate(1e-3, head_rate, model.backbone, weight_decay=0.0))
    before = [np.array(variable.numpy()) for variable in model.trainable_variables]
    model.fit(images, labels, batch_size=16, verbose=0)
    of_backbone = {id(variable) for variable in model.backbone.variables}
    steps: dict = {True: [], False: []}
    for variable, old in zip(model.trainable_variables, before, strict=True):
        change = np.max(np.abs(np.array(variable.numpy()) - old))
        steps[id(variable) in of_backbone].append(float(change))
    return max(steps[True]), steps[False]


@pytest.mark.parametrize("method", ["dhn", "dlbhc"])  # the second has a layer of classes besides
def test_the_head_takes_longer_steps(method):
    backbone, head = largest_steps(method, 10.0)
    assert 0.5e-3 < backbone < 1.01e-3  # less than the rate where gradients are next to none
    assert all(0.5e-2 < step < 1.01e-2 for step in head)


def test_a_rate_of_one_is_plain_adamw():
    backbone = methods.DHN(bits=8, backbone="small_cnn", image_size=16).backbone
    assert type(make_optimizer(Training(epochs=1), 10, backbone)) is keras.optimizers.AdamW
    optimizer = make_optimizer(Training(epochs=1, head_rate=10.0), 10, backbone)
    assert isinstance(optimizer, HeadRate)
    assert optimizer.head_rate == 10.0


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
