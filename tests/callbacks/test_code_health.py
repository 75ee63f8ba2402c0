"""`CodeHealth`: figures in the logs, and warnings at the epoch at which codes collapse."""

import csv
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from keras_hashing.callbacks import CodeHealth
from keras_hashing.callbacks.collapse import FIGURES
from keras_hashing.data import ImageSet


def features(n=150, classes=4, seed=0):
    """Items around the centres of their classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    items = rng.normal(size=(classes, 16))[labels] + 0.5 * rng.normal(size=(n, 16))
    return items.astype("float32"), labels


def dhn(bits=16, optimizer="adam", **arguments):
    keras.utils.set_random_seed(0)
    model = kh.methods.DHN(bits=bits, backbone=None, **arguments)
    model.compile(optimizer)
    return model


def fit(model, *data, **arguments):
    """History, and the texts of CodeHealth's warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(*data, verbose=0, **arguments).history
    texts = [str(warning.message) for warning in caught]
    return history, [text for text in texts if text.startswith("CodeHealth")]


class Force(keras.callbacks.Callback):
    """Makes every code the same at the end of the given epochs, and mends that a moment later."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        if epoch in self.epochs:
            self.before = self.model.get_weights()
            self.model.set_weights([0 * weight for weight in self.before])

    def on_epoch_begin(self, epoch, logs=None):
        if epoch - 1 in self.epochs:
            self.model.set_weights(self.before)


def brute_force(rows):
    """Distinct codes, dead and duplicate bits, of outputs as lists."""
    rows = [tuple(value >= 0 for value in row) for row in rows]
    columns = list(zip(*rows, strict=True))
    dead = [len(set(column)) == 1 for column in columns]
    opposite = [tuple(not value for value in column) for column in columns]
    duplicate = [
        not dead[bit] and any(columns[i] in (column, opposite[bit]) for i in range(bit))
        for bit, column in enumerate(columns)
    ]
    return len(set(rows)), sum(dead), sum(duplicate)


def test_figures_of_all_items_the_last_partial_step_too():
    x, y = features(70)
    model = dhn(bits=24)
    watch = CodeHealth((x, y), batch_size=64)  # 64 and 6
    history, _ = fit(model, x, y, epochs=3, batch_size=30, callbacks=[watch])
    outputs = model.predict(x, verbose=0).tolist()
    found = tuple(history[name][-1] for name in ("distinct_codes", "dead_bits", "duplicate_bits"))
    assert found == brute_force(outputs)
    assert found != brute_force(outputs[:64])
    assert set(FIGURES) <= set(history)
    signs = np.array(outputs) >= 0
    counts = np.unique(signs, axis=0, return_counts=True)[1]
    assert history["commonest_code"][-1] == counts.max() / 70
    shares = signs.mean(axis=0)
    assert history["bit_balance"][-1] == pytest.approx(
        np.minimum(2 * shares, 2 - 2 * shares).mean()
    )


def test_it_warns_when_a_trouble_begins_and_when_it_comes_back():
    history, texts = fit(
        dhn(), *features(), epochs=8, callbacks=[Force((2, 3, 4, 6)), CodeHealth()]
    )
    assert [text.split(":")[0] for text in texts] == [
        "CodeHealth, epoch 3, one code",
        "CodeHealth, epoch 7, one code",
    ]
    assert "all 150 watched items have one code. The outputs do not depend on the item." in texts[0]
    assert [share == 1 for share in history["commonest_code"]] == [
        e in (2, 3, 4, 6) for e in range(8)
    ]
    assert [dead == 16 for dead in history["dead_bits"]] == [e in (2, 3, 4, 6) for e in range(8)]


def test_a_new_fit_warns_again():
    model = dhn()
    watch = CodeHealth()
    for _ in range(2):
        _, texts = fit(model, *features(), epochs=1, callbacks=[Force((0,)), watch])
        assert len(texts) == 1


def test_an_absurd_learning_rate():
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-2 if epoch < 2 else 1e3)
    model = dhn(optimizer=keras.optimizers.SGD(), hidden=32)
    history, texts = fit(model, *features(200), epochs=4, callbacks=[rates, CodeHealth()])
    assert history["dead_bits"][:2] == [0, 0]
    assert history["dead_bits"][2] >= 6
    assert len(texts) == 1
    assert texts[0].startswith("CodeHealth, epoch 3, dead bits: ")
    assert "stand at -1 or +1, where tanh has next to no gradient" in texts[0]
    assert "Likely the learning rate is too high" in texts[0]


def test_batches_of_one_class():
    x, y = features(200)
    order = np.argsort(y, kind="stable")
    x = np.abs(x)  # as features behind a ReLU: far from centred
    dataset = tf.data.Dataset.from_tensor_slices((x[order], y[order])).batch(25)
    model = dhn(optimizer=keras.optimizers.Adam(0.03))
    history, texts = fit(model, dataset, epochs=2, callbacks=[CodeHealth()])
    assert history["distinct_codes"] == [1, 1]
    assert len(texts) == 1
    assert texts[0].startswith(
        "CodeHealth, epoch 1, one code: all 200 watched items have one code. Likely the batches: "
        "each one that was read holds items of a single class"
    )
    # The same items and labels, shuffled: nothing to say.
    model = dhn(optimizer=keras.optimizers.Adam(0.03))
    assert fit(model, x, y, epochs=2, callbacks=[CodeHealth()])[1] == []


def test_outputs_that_are_not_finite(tmp_path):
    model = dhn(optimizer=keras.optimizers.SGD(1e-2))
    path = tmp_path / "log.csv"
    nan = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (
            epoch == 1 and model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
        )
    )
    watches = [nan, CodeHealth(log_dir=tmp_path / "tb"), keras.callbacks.CSVLogger(path)]
    _, texts = fit(model, *features(), epochs=4, callbacks=watches)
    assert len(texts) == 1
    assert texts[0].startswith(
        "CodeHealth, epoch 2, not finite: the outputs are not finite. Likely"
    )
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["dead_bits"] == "nan" for row in rows] == [False, True, True, True]


def healthy(model):
    model.compile(keras.optimizers.Adam(3e-3))
    history, texts = fit(model, *features(300, 10), epochs=3, callbacks=[CodeHealth()])
    assert texts == []
    assert len(history["dead_bits"]) == 3


def test_healthy_training_warns_nothing():
    keras.utils.set_random_seed(0)
    healthy(kh.methods.BiHalf(bits=16, backbone=None))
    healthy(kh.methods.Nested(kh.methods.HashNet, bits=(8, 24), backbone=None))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["cibhash", "cnnh", "csq", "dhn", "dnnh", "dsh", "greedyhash", "mixed", "orthohash", "talr"],
)
def test_healthy_training_of_every_kind_of_method(name):
    keras.utils.set_random_seed(0)
    healthy(kh.methods.NAMES[name](bits=16, backbone=None))


def test_codes_of_two_classes_are_not_a_collapse():
    model = dhn(32, keras.optimizers.Adam(0.01))
    history, texts = fit(model, *features(200, 2), epochs=15, callbacks=[CodeHealth()])
    assert history["distinct_codes"][-1] < 20
    assert history["duplicate_bits"][-1] > 10
    assert texts == []


def test_mixed_is_watched_in_the_bits_that_it_trains():
    keras.utils.set_random_seed(0)
    model = kh.methods.Mixed(bits=16, backbone=None, supervised_bits=6)
    model.compile("adam")
    x, y = features(200, 10)
    fit(model, x, y, epochs=1, callbacks=[watch := CodeHealth((x, y))])
    watch.on_train_begin()
    assert watch._outputs().shape == (200, 6)


def test_labels_that_an_unsupervised_method_ignores_say_nothing():
    watch = CodeHealth(features())
    for name, classes in (("dhn", 4), ("bihalf", None)):
        watch.set_model(kh.methods.NAMES[name](bits=8, backbone=None))
        watch.on_train_begin()
        assert watch._known.classes == classes


def test_one_bit():
    model = dhn(1)
    history, texts = fit(
        model, *features(classes=2), epochs=3, callbacks=[Force((1,)), CodeHealth()]
    )
    assert history["distinct_codes"][1] == 1
    assert history["distinct_codes"][2] == 2
    assert [text.split(":")[0] for text in texts] == ["CodeHealth, epoch 2, one code"]


def test_images_of_every_kind():
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    labels = np.arange(20) % 2
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)
    keras.utils.set_random_seed(0)
    model = kh.methods.DHN(bits=8, backbone="small_cnn", image_size=32)
    model.compile()
    given = [None, images, dataset, ImageSet(images=images, labels=labels)]
    logs = []
    for watched in given:
        watch = CodeHealth(watched)
        watch.set_model(model)
        model.training_data = kh.methods.training_data.TrainingData(images, labels)
        watch.on_train_begin()
        logs.append({})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            watch.on_epoch_end(0, logs[-1])
    assert logs[0]["distinct_codes"] > 0
    assert all(log == logs[0] for log in logs)


def test_training_is_the_same_with_it():
    weights = []
    for watches in ([], [CodeHealth()]):
        model = dhn(dropout=0.5)
        fit(model, *features(), epochs=2, callbacks=watches)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.training_data is None


def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    x, y = features()
    model = dhn()
    history, _ = fit(model, x, y, epochs=3, callbacks=[CodeHealth(log_dir=tmp_path)])
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    tags = events.Tags()["tensors"]
    assert set(tags) == {f"code_health/{name}" for name in (*FIGURES, "outputs")}
    for name in FIGURES:
        found = events.Tensors(f"code_health/{name}")
        assert [event.step for event in found] == [0, 1, 2]
        values = [float(tf.make_ndarray(event.tensor_proto)) for event in found]
        np.testing.assert_allclose(values, history[name], rtol=1e-6)
    last = tf.make_ndarray(events.Tensors("code_health/outputs")[-1].tensor_proto)
    outputs = model.predict(x, verbose=0)
    assert last[:, 2].sum() == outputs.size
    assert (last[0, 0], last[-1, 1]) == pytest.approx((outputs.min(), outputs.max()), abs=1e-6)


def test_any_keras_model_with_images_given():
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(8, "tanh")])
    model.compile("adam", kh.losses.PairwiseCrossEntropy())
    x, y = features()
    with pytest.raises(ValueError, match="without `images`, `CodeHealth` watches .* Pass `images`"):
        model.fit(x, y, verbose=0, callbacks=[CodeHealth()])
    history, _ = fit(model, x, y, epochs=1, callbacks=[CodeHealth(x)])
    assert history["distinct_codes"][0] == brute_force(model.predict(x, verbose=0).tolist())[0]


def test_refused():
    with pytest.raises(ValueError, match="`items` must be at least 2; got 1. A few hundred"):
        CodeHealth(items=1)
    with pytest.raises(TypeError, match="`batch_size` must be a whole number"):
        CodeHealth(batch_size=None)

    def batches():
        while True:
            yield features(8)

    with pytest.raises(ValueError, match="got generator. Pass `images`"):
        dhn().fit(batches(), steps_per_epoch=1, verbose=0, callbacks=[CodeHealth()])
    empty = tf.data.Dataset.from_tensor_slices(np.zeros((0, 16), "float32")).batch(4)
    with pytest.raises(ValueError, match="`images` is empty: `CodeHealth` has nothing to watch"):
        dhn().fit(*features(), verbose=0, callbacks=[CodeHealth(empty)])
