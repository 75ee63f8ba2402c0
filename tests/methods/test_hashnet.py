"""HashNet: which loss each variant takes, how beta grows, and that it is saved."""

import json

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import codes
from keras_hashing.losses import WeightedPairwiseCrossEntropy
from keras_hashing.methods import NAMES, HashNet


def data(count=80, seed=1):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    centres = 2.0 * np.random.default_rng(9).normal(size=(4, 10))
    return (centres[labels] + rng.normal(size=(count, 10))).astype("float32"), labels


def beta(model):
    return float(model.head.get_layer("scaled_tanh").beta)


def test_it_is_in_the_table_of_names():
    assert NAMES["hashnet"] is HashNet


@pytest.mark.parametrize(
    ("variant", "weighted", "similarity"),
    [("hashnet", True, "01"), ("c", True, "jaccard"), ("w", False, "01"), ("sgn", True, "01")],
)
def test_loss_of_each_variant(variant, weighted, similarity):
    model = HashNet(bits=6, backbone=None, variant=variant)
    model.compile()
    assert type(model.loss) is WeightedPairwiseCrossEntropy
    assert (model.loss.weighted, model.loss.similarity) == (weighted, similarity)
    assert (model.loss.alpha, model.loss.quantization_weight) == (None, 0.0)
    assert HashNet(bits=6, backbone=None, alpha=0.1).default_loss().alpha == 0.1


def test_schedule_is_the_authors():
    schedule = HashNet(bits=6, backbone=None).head.get_layer("scaled_tanh").schedule
    facts = [(0, 1), (199, 1), (200, 1.414214), (400, 1.732051), (2000, 3.316625)]
    for step, scale in [*facts, (10_000, 7.141428)]:
        assert float(schedule(step)) == pytest.approx(scale, abs=1e-5)
    # A fiftieth of 1,000 batches: the same end.
    quick = HashNet(bits=6, backbone=None, every=20).head.get_layer("scaled_tanh").schedule
    assert float(quick(1000)) == pytest.approx(7.141428, abs=1e-5)
    slow = HashNet(bits=6, backbone=None, growth=0.01).head.get_layer("scaled_tanh").schedule
    assert float(slow(399)) == pytest.approx(3**0.5, abs=1e-5)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"steps_per_execution": 3}])
def test_beta_grows_with_the_training_batches_only(options):
    features, labels = data(36)
    model = HashNet(bits=6, backbone=None, every=2)
    model.compile("adam", **options)
    model.fit(features, labels, batch_size=4, validation_data=(features, labels), verbose=0)
    assert int(model.head.get_layer("scaled_tanh").step) == 9
    assert beta(model) == pytest.approx((1 + 0.5 * 8) ** 0.5)
    model.predict(features, verbose=0)
    assert int(model.head.get_layer("scaled_tanh").step) == 9


def test_outputs_are_tanh_of_beta_times_the_hash_layer():
    features, labels = data(16)
    model = HashNet(bits=6, backbone=None, every=1, growth=3.0)
    model.compile("adam")
    model.fit(features, labels, batch_size=16, verbose=0)
    hash_layer = model.head.get_layer("hash")
    logits = features @ np.asarray(hash_layer.kernel) + np.asarray(hash_layer.bias)
    expected = np.tanh(2.0 * logits)
    np.testing.assert_allclose(model.predict(features, verbose=0), expected, atol=1e-5)


def test_sgn_has_no_continuation():
    features, labels = data(16)
    model = HashNet(bits=6, backbone=None, variant="sgn", every=1)
    model.compile("adam")
    model.fit(features, labels, batch_size=2, verbose=0)
    assert int(model.head.get_layer("scaled_tanh").step) == 8
    assert beta(model) == 1.0


def test_beta_is_saved_and_training_goes_on_from_it(tmp_path):
    features, labels = data(32)
    model = HashNet(bits=6, backbone=None, every=3)
    model.compile("adam")
    model.fit(features, labels, batch_size=4, verbose=0)  # 8 batches, rounded down to 6
    assert beta(model) == pytest.approx(3**0.5)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    assert int(loaded.head.get_layer("scaled_tanh").step) == 8
    np.testing.assert_allclose(
        loaded.predict(features, verbose=0), model.predict(features, verbose=0), atol=1e-6
    )
    loaded.fit(features, labels, batch_size=4, verbose=0)
    assert beta(loaded) == pytest.approx(6**0.5)


def test_config_is_plain_json():
    model = HashNet(bits=6, backbone=None, variant="c", alpha=0.2, every=7, growth=0.1)
    config = json.loads(json.dumps(model.get_config()))
    again = HashNet.from_config(config)
    assert again.get_config() == config
    assert (again.variant, again.alpha, again.every, again.growth) == ("c", 0.2, 7, 0.1)


def test_refused_arguments():
    with pytest.raises(ValueError, match="`variant` got the unknown value 'x'; allowed: 'hashnet'"):
        HashNet(bits=6, backbone=None, variant="x")
    with pytest.raises(ValueError, match=r"`alpha` must be at least 0\.0; got -1"):
        HashNet(bits=6, backbone=None, alpha=-1)
    with pytest.raises(ValueError, match="`every` must be at least 1; got 0. Pass a number of b"):
        HashNet(bits=6, backbone=None, every=0)
    with pytest.raises(ValueError, match=r"`growth` must be at least 0\.0; got -1"):
        HashNet(bits=6, backbone=None, growth=-1)


@pytest.mark.parametrize("variant", ["hashnet", "w", "sgn"])  # "c" differs for multi-hot only
def test_trained_codes_are_nearer_inside_a_class(variant):
    features, labels = data(120)
    model = HashNet(bits=16, backbone=None, variant=variant, every=10)
    model.compile("adam")
    model.fit(features[:80], labels[:80], epochs=30, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + 2 < distances[~same].mean()
