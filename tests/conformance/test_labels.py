"""Every method and every kind of labels: what means the same trains the same, or is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import encoding
from keras_hashing.methods import NAMES, fitting
from tests.conformance.input_forms import Batches as Numbered

BITS, CHANNELS, CLASSES, COUNT = 4, 8, 3, 12
Y = np.arange(COUNT) % CLASSES
CENTRES = np.random.default_rng(1).normal(size=(CLASSES, CHANNELS))
X = CENTRES[Y] + 0.3 * np.random.default_rng(0).normal(size=(COUNT, CHANNELS))
X = X.astype("float32")
ANIMALS = np.array(["ant", "bee", "cat"])
HOT = np.eye(CLASSES, dtype=bool)[Y]
MULTI_HOT = HOT | np.eye(CLASSES, dtype=bool)[np.arange(COUNT) * 2 % CLASSES]
TWO = Y % 2

SUPERVISED = [name for name, kind in NAMES.items() if kind.supervised]
# A method of pairs in a batch, of class numbers, and of all labels and places of items.
OF_EACH_KIND = ("dhn", "dlbhc", "dpsh")
UNSUPERVISED = [name for name, kind in NAMES.items() if not kind.supervised and not kind.adapts]

INT_FORMS = {
    "list": Y.tolist(),
    "tuple": tuple(Y.tolist()),
    "column": Y[:, None],
    "int8": Y.astype("int8"),
    "uint64": Y.astype("uint64"),
    "floats": Y.astype("float32"),
    "half floats": Y.astype("float16"),
    "column of floats": Y[:, None].astype("float64"),
    "gaps": Y * 100_000,
    "huge": 10**9 + Y,
    "beyond float32": 2**24 + Y,
    "beyond int32": 2**40 + Y,
    "largest": 2**63 - CLASSES + Y.astype("uint64"),
    "strings": ANIMALS[Y],
    "list of strings": ANIMALS[Y].tolist(),
    "column of strings": ANIMALS[Y][:, None],
    "bytes": np.char.encode(ANIMALS[Y]),
    "list of bytes": np.char.encode(ANIMALS[Y]).tolist(),
    "objects": ANIMALS[Y].astype(object),
    "objects of ints": Y.astype(object),
    "umlauts": np.array(["Affe", "Bär", "Ä"])[Y],
    "tensor": tf.constant(Y),
    "tensor of floats": tf.constant(Y, "float32"),
    "tensor of strings": tf.constant(ANIMALS[Y]),
}
MULTI_HOT_FORMS = {
    "uint8": MULTI_HOT.astype("uint8"),
    "int64": MULTI_HOT.astype("int64"),
    "float32": MULTI_HOT.astype("float32"),
    "lists": MULTI_HOT.astype(int).tolist(),
    "lists of bools": MULTI_HOT.tolist(),
    "tensor": tf.constant(MULTI_HOT),
    "tensor of floats": tf.constant(MULTI_HOT, "float32"),
}
EXPECTED: dict = {}  # loss by method and meaning


def make(name):
    keras.utils.set_random_seed(0)
    arguments = {"anchors": 8} if name == "ksh" else {}
    model = NAMES[name](bits=BITS, backbone=None, **arguments)
    if not model.adapts:
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    return model


def loss(name, labels, x=X):
    """Loss of what `fit` would train on first; for `adapt` the outputs after it."""
    model = make(name)
    if model.adapts:
        model.adapt(x) if labels is None else model.adapt(x, labels)
        return encoding.outputs(model, X)
    found = []

    def first_step(x, y, callbacks=None, **_):
        if y is None and not isinstance(x, np.ndarray):
            x, y = x[0] if hasattr(x, "__getitem__") else next(iter(x))
        found.append(float(model.compute_loss(x, y, model(x, training=True))))
        for callback in callbacks or ():
            callback.on_epoch_end(0)

    fitting.fit(model, first_step, x, labels, None, (), {"batch_size": COUNT})
    return found[0]


def trained(name, labels, x=X, **settings):
    """Outputs after one step on all items."""
    model = make(name)
    batch = {"batch_size": COUNT, "shuffle": False, "verbose": 0}
    model.fit(x, labels, **{**batch, **settings})
    return encoding.outputs(model, X)


def expected(name, meaning, labels):
    if (name, meaning) not in EXPECTED:
        EXPECTED[name, meaning] = loss(name, labels)
    return EXPECTED[name, meaning]


def same(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SUPERVISED)
def test_labels_count(name):
    """Or the tests below would compare nothing."""
    other = loss(name, np.roll(Y, 1) // 2)
    assert np.abs(expected(name, "ints", Y) - other).max() > 2e-5


@pytest.mark.parametrize("form", INT_FORMS)
@pytest.mark.parametrize("name", SUPERVISED)
def test_one_class_each(name, form):
    same(loss(name, INT_FORMS[form]), expected(name, "ints", Y))


@pytest.mark.parametrize("form", MULTI_HOT_FORMS)
@pytest.mark.parametrize("name", SUPERVISED)
def test_several_classes_each(name, form):
    same(loss(name, MULTI_HOT_FORMS[form]), expected(name, "multi-hot", MULTI_HOT))


@pytest.mark.parametrize("name", SUPERVISED)
def test_two_classes(name):
    wanted = loss(name, TWO)
    for labels in (TWO.astype(bool), TWO.astype(bool).tolist(), np.array(["n", "y"])[TWO]):
        same(loss(name, labels), wanted)


@pytest.mark.parametrize("name", SUPERVISED)
def test_one_hot_rows_are_class_numbers(name):
    if name == "cnnh":  # it makes codes of classes in the order of their rows
        pytest.skip("its codes are drawn for the classes in another order")
    same(loss(name, HOT), expected(name, "ints", Y))


def slices(labels, *more):
    return tf.data.Dataset.from_tensor_slices((X, labels, *more))


STREAMS = {
    "dataset": lambda labels: slices(labels).batch(COUNT),
    "dataset of items": slices,
    "dataset of columns": lambda labels: slices(np.asarray(labels)[:, None]).batch(COUNT),
    "dataset of dicts": lambda labels: tf.data.Dataset.from_tensor_slices(
        {"features": X, "label": labels}
    ).batch(COUNT),
    "PyDataset": lambda labels: Numbered(lambda rows: (X[rows], labels[rows]), COUNT),
    "list of batches": lambda labels: [(X, labels)],
    "two lists": lambda labels: (list(X), list(labels)),
}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("name", SUPERVISED)
def test_labels_that_come_with_the_data(name, stream):
    """Those of a tuple of lists are a whole; the others are read with the batches."""
    for labels in (Y, Y * 100_000, 10**9 + Y, Y.astype("float32"), ANIMALS[Y]):
        given = STREAMS[stream](labels)
        if isinstance(given, tuple):
            same(loss(name, given[1], x=given[0]), expected(name, "ints", Y))
        else:
            same(loss(name, None, x=given), expected(name, "ints", Y))


@pytest.mark.parametrize("stream", ["dataset", "dataset of items", "PyDataset"])
@pytest.mark.parametrize("name", SUPERVISED)
def test_multi_hot_rows_that_come_with_the_data(name, stream):
    for dtype in (bool, "uint8", "float32"):
        found = loss(name, None, x=STREAMS[stream](MULTI_HOT.astype(dtype)))
        same(found, expected(name, "multi-hot", MULTI_HOT))


def with_nan(labels):
    return np.where(np.arange(len(labels)) == 3, np.nan, labels)


REFUSED = {
    "one-hot of -1 and 1": (2.0 * HOT - 1, "hold only 0 and 1.*For -1 and .1 pass"),
    "integers -1 and 1": (2 * HOT.astype(int) - 1, "hold only 0 and 1"),
    "probabilities": (0.8 * HOT + 0.1, "Make probabilities hard"),
    "halves": (np.full((COUNT, CLASSES), 0.5), "Make probabilities hard"),
    "counts": (HOT * 2, "hold only 0 and 1"),
    "NaN in rows": (np.where(HOT, np.nan, 0), "NaN"),
    "NaN": (with_nan(Y), "must be whole numbers"),
    "infinity": (np.where(Y == 1, np.inf, Y), "must be whole numbers"),
    "fractions": (Y + 0.5, "must be whole numbers"),
    "soft single": (np.full(COUNT, 0.5), "must be whole numbers"),
    "negative": (Y - 1, "must be at least 0; got -1"),
    "one class": (np.zeros(COUNT, int), "two classes at least; got 1"),
    "one class of a name": (np.array(["ant"] * COUNT), "two classes at least; got 1"),
    "one column of ones": (np.ones((COUNT, 1)), "two classes at least; got 1"),
    "no class": (np.zeros((COUNT, CLASSES)), "two classes at least; got 0"),
    "one class in rows": (np.eye(CLASSES)[np.zeros(COUNT, int)], "two classes at least; got 1"),
    "beyond int64": (Y.astype("uint64") + np.uint64(2**63), "must be below 2"),
    "three dimensions": (HOT[:, None], "must have shape"),
    "complex": (Y + 1j, "must be integers or multi-hot rows"),
    "dates": (np.array(["2020-01-01"] * COUNT, "datetime64[D]"), "must be integers or multi-hot"),
}
ARRAYS_ONLY = {
    "rows of several lengths": ([[0], [0, 1]] * (COUNT // 2), "rows of different lengths"),
    "too few": (Y[:-1], f"one row for each of {COUNT} items; got {COUNT - 1}"),
    "too many": (np.append(Y, 0), f"one row for each of {COUNT} items; got {COUNT + 1}"),
    "a number": (3, "must have shape|one row for each"),
    "names of several classes": (np.array([["ant", "bee"]] * COUNT), "class names must have shape"),
    "numbers and names": (np.array([0, "ant", 2] * 4, object), "must be integers"),
    "None in a list": ([None, *Y[1:].tolist()], "must be integers"),
    "a dict": ({"label": Y}, "must be|one row for each"),
}


@pytest.mark.parametrize("kind", {**REFUSED, **ARRAYS_ONLY})
@pytest.mark.parametrize("name", SUPERVISED)
def test_refused(name, kind):
    labels, message = {**REFUSED, **ARRAYS_ONLY}[kind]
    with pytest.raises((ValueError, TypeError), match=message):
        loss(name, labels)


@pytest.mark.parametrize("stream", ["dataset", "dataset of items", "PyDataset"])
@pytest.mark.parametrize("name", SUPERVISED)
def test_refused_in_data_sets(name, stream):
    for kind, (labels, message) in REFUSED.items():
        if stream != "PyDataset" and labels.dtype.kind in "MU" and kind == "dates":
            continue  # no tensor
        with pytest.raises((ValueError, TypeError), match=message):
            loss(name, None, x=STREAMS[stream](labels))


@pytest.mark.parametrize("name", SUPERVISED)
def test_none(name):
    with pytest.raises((ValueError, TypeError), match="labels"):
        loss(name, None)
    if name != "ksh":
        with pytest.raises(ValueError, match="trains with labels; got batches without"):
            loss(name, None, x=tf.data.Dataset.from_tensor_slices(X).batch(COUNT))


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_methods_without_labels_take_and_ignore_any(name):
    wanted = loss(name, None)
    for labels in (Y, HOT, Y - 1, np.zeros(COUNT), ANIMALS[Y], with_nan(Y), 2.0 * HOT - 1):
        same(loss(name, labels), wanted)
        same(loss(name, None, x=slices(labels).batch(COUNT)), wanted)


SINGLE = {"ints": Y, "gaps": Y * 100_000, "huge": 10**9 + Y, "strings": ANIMALS[Y]}


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_validation_data(name):
    """Labels of training and validation have one map of classes."""
    held_out = slice(0, 6)
    losses = []
    for labels in SINGLE.values():
        for validation in (
            (X[held_out], labels[held_out]),
            slices(labels).take(6).batch(6),
            (list(X[held_out]), list(labels[held_out])),
        ):
            model = make(name)
            history = model.fit(
                X, labels, batch_size=COUNT, verbose=0, validation_data=validation
            ).history
            keras.utils.set_random_seed(1)
            losses.append(history["val_loss"][0])
    assert losses == pytest.approx([losses[0]] * len(losses), rel=1e-4)
    assert np.isfinite(losses[0])


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_validation_split(name):
    history = [
        make(name).fit(X, labels, batch_size=COUNT, verbose=0, validation_split=0.25).history
        for labels in SINGLE.values()
    ]
    wanted = make(name).fit(
        X[:9], Y[:9], batch_size=COUNT, verbose=0, validation_data=(X[9:], Y[9:])
    )
    for found in history:
        assert found["loss"] == pytest.approx(wanted.history["loss"], rel=1e-4)
        assert found["val_loss"] == pytest.approx(wanted.history["val_loss"], rel=1e-4)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_weights_of_items_and_of_classes(name):
    """A class's weight is that of its items, whatever the class is called."""
    by_class = np.array([1.0, 0.0, 3.0])
    wanted = trained(name, Y, sample_weight=by_class[Y])
    assert np.abs(wanted - trained(name, Y)).max() > 1e-5
    same(trained(name, None, x=slices(Y, by_class[Y]).batch(COUNT)), wanted)
    for labels in SINGLE.values():
        keys = [labels[np.argmax(number == Y)] for number in range(CLASSES)]
        same(trained(name, labels, sample_weight=by_class[Y]), wanted)
        found = trained(name, labels, class_weight=dict(zip(keys, by_class, strict=True)))
        same(found, wanted)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_endless_data_with_labels_beside(name):
    wanted = trained(name, Y)
    for labels in SINGLE.values():
        endless = slices(labels).batch(COUNT).repeat()
        model = make(name)
        beside = labels if model.needs_labels else None
        model.fit(endless, labels=beside, steps_per_epoch=1, verbose=0)
        same(encoding.outputs(model, X), wanted)


def test_class_weights_of_unknown_classes_are_refused():
    with pytest.raises(ValueError, match="was not trained with"):
        trained("dlbhc", ANIMALS[Y], class_weight={"ant": 1.0, "dog": 2.0})
