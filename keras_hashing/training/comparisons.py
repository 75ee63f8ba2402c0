"""Rankings to read beside an entry's own: what training gains, and where it loses."""

import dataclasses

import keras
import numpy as np

from keras_hashing import codes, encoding, evaluation, hashers, methods
from keras_hashing.data import protocols
from keras_hashing.evaluation.float_ranking import mean_average_precision
from keras_hashing.zoo.figures import CUTOFF

RIDGE = 0.3  # times the mean variance of a channel, times the number of images
HIDDEN, DROPOUT, EPOCHS, BATCH_SIZE, LEARNING_RATE = 512, 0.5, 40, 128, 1e-3


@dataclasses.dataclass(frozen=True)
class Features:
    """Frozen features of three sets, float `(n, channels)`, and their labels."""

    train: np.ndarray
    train_labels: np.ndarray
    query: np.ndarray
    query_labels: np.ndarray
    database: np.ndarray
    database_labels: np.ndarray


def frozen_rows(features, bits, source):
    """Cosine, ITQ and a class code on frozen features.

    Args:
        features: `Features`.
        bits: int, code length of ITQ.
        source: str, what made the features, for the rows' words.

    Returns:
        List of rows for `Entry.comparisons`.
    """
    found = mean_average_precision(
        features.query, features.query_labels, features.database, features.database_labels
    )
    rows = [_row("frozen_cosine", f"no training: cosine of the features of {source}", found)]
    if bits <= features.train.shape[1] and bits < len(features.train):
        found = itq_map(features, bits)
        text = f"no labels: ITQ, {bits} bits, on the features of {source}"
        rows.append(_row("frozen_itq", text, found))
    if features.train_labels.ndim == 1:
        found, accuracy = class_code_map(features)
        text = (
            "trivial code: the class that a ridge classifier on those features gives "
            f"(accuracy {accuracy:.3f})"
        )
        rows.append(_row("class_code", text, found))
    return rows


def own_class_row(data, train_outputs, query_outputs, database_outputs):
    """Class code of a ridge classifier on a model's own outputs, for information."""
    features = Features(
        train_outputs,
        data.train.labels,
        query_outputs,
        data.query.labels,
        database_outputs,
        data.database.labels,
    )
    found, accuracy = class_code_map(features)
    text = f"the class that a ridge classifier on its own outputs gives (accuracy {accuracy:.3f})"
    return _row("own_class_code", text, found)


def svm_row(data, train_outputs, query_outputs, database_outputs):
    """Class code of a linear SVM on a model's codes: how well codes serve for classifying.

    Args:
        data: `keras_hashing.data.Data` with one label an item.
        train_outputs, query_outputs, database_outputs: float `(n, bits)`.

    Returns:
        A row for `Entry.comparisons`, its text with the accuracy on the queries; None where
        scikit-learn is not installed.

    Source: the check of Lin et al., "Learning Compact Binary Descriptors with Unsupervised Deep
    Neural Networks", CVPR 2016, on 17 flowers; the SVM's penalty of 1 is ours.
    """
    try:
        from sklearn.svm import LinearSVC
    except ModuleNotFoundError:
        return None
    classifier = LinearSVC(C=1.0, random_state=0)
    classifier.fit(codes.signs(train_outputs), data.train.labels)
    query, database = (
        classifier.predict(codes.signs(a)) for a in (query_outputs, database_outputs)
    )
    accuracy = (query == data.query.labels).mean()
    text = f"the class that a linear SVM on its codes gives (accuracy {accuracy:.3f})"
    return _row(
        "svm_class_code", text, _class_map(query, data.query.labels, database, data.database.labels)
    )


def prefix_rows(data, query_outputs, database_outputs, lengths):
    """The first bits of an entry's codes alone, for a model that was trained for them too.

    Args:
        data: `keras_hashing.data.Data`.
        query_outputs, database_outputs: float `(n, bits)`.
        lengths: ints, each at most `bits`.

    Returns:
        List of rows for `Entry.comparisons`.
    """
    rows, cutoff = [], min(CUTOFF, len(data.database))
    for length in lengths:
        report = evaluation.evaluate(
            codes.pack(query_outputs[:, :length]),
            data.query.labels,
            codes.pack(database_outputs[:, :length]),
            data.database.labels,
            bits=length,
            at=(cutoff,),
        )
        hits = f"mAP@{cutoff}(hits) {report.map_at_hits[cutoff]:.4f}"
        text = f"its first {length} bits ({hits})"
        rows.append(_row(f"first_{length}", text, float(report.map)))
    return rows


def unseen_rows(features, method, arguments, source):
    """A head of the same method trained on frozen features of classes 0 to 6 only.

    Args:
        features: `Features` of the protocol's sets; classes 7 to 9 are left out of training.
        method: str, a name of `keras_hashing.methods.NAMES`.
        arguments: dict, the method's own arguments, `bits` among them.
        source: str, what made the features.

    Returns:
        Three rows: its queries of classes 7 to 9 against the whole database, ITQ fitted without
        labels on all training images for the same queries, and its queries of classes 0 to 6.
    """
    known = features.train_labels < protocols.UNSEEN_FROM
    seen = dataclasses.replace(
        features, train=features.train[known], train_labels=features.train_labels[known]
    )
    head = _train_head(seen, method, arguments)
    new = features.query_labels >= protocols.UNSEEN_FROM
    encoded = head(features.database)
    bits = arguments["bits"]
    what = f"a head of this method on the frozen features of {source}, trained on classes 0-6"
    return [
        _row(
            "unseen",
            f"cifar10-unseen: {what}; queries of classes 7-9",
            _codes_map(_only(features, new), head, encoded),
        ),
        _row(
            "unseen_itq",
            "cifar10-unseen: ITQ on those features, fitted without labels; the same queries",
            itq_map(_only(features, new), bits),
        ),
        _row(
            "seen",
            f"{what}; queries of classes 0-6",
            _codes_map(_only(features, ~new), head, encoded),
        ),
    ]


def itq_map(features, bits):
    """mAP, ties expected, of ITQ codes fitted on the training features."""
    layer = hashers.ITQ(bits)
    layer.adapt(np.asarray(features.train, np.float32))

    def encode(array):
        return codes.pack(np.asarray(layer(np.asarray(array, np.float32))))

    return _codes_map(features, encode, encode(features.database))


def class_code_map(features):
    """mAP, ties expected, of "same class according to a ridge classifier"; and its accuracy."""
    classes = int(max(features.train_labels.max(), features.query_labels.max())) + 1
    predict = _ridge(features.train, features.train_labels, classes)
    query, database = predict(features.query), predict(features.database)
    accuracy = float((query == features.query_labels).mean())
    return _class_map(query, features.query_labels, database, features.database_labels), accuracy


def _class_map(query, query_labels, database, database_labels):
    """mAP, ties expected, of "put into the same class"."""
    classes = 1 + int(max(query.max(), database.max()))
    one_hot = 2 * np.eye(classes, dtype=np.int8) - 1
    report = evaluation.evaluate(
        codes.pack(one_hot[query]),
        query_labels,
        codes.pack(one_hot[database]),
        database_labels,
        bits=classes,
    )
    return float(report.map)


def _ridge(features, labels, classes):
    """Function from features to class, of a ridge regression on one-hot labels, float64."""
    inputs = np.asarray(features, np.float64)
    mean = inputs.mean(axis=0)
    inputs = inputs - mean
    targets = np.eye(classes)[labels]
    gram = inputs.T @ inputs
    penalty = max(RIDGE * np.trace(gram) / len(gram), 1e-12)
    weights = np.linalg.solve(
        gram + penalty * np.eye(len(gram)), inputs.T @ (targets - targets.mean(axis=0))
    ).astype(np.float32)
    shift = (targets.mean(axis=0) - mean @ weights).astype(np.float32)
    return lambda array: np.argmax(array @ weights + shift, axis=1)


def _train_head(features, method, arguments):
    """Function from features to codes, of a head trained on standardised features."""
    mean, spread = features.train.mean(axis=0), features.train.std(axis=0) + 1e-6
    keras.utils.set_random_seed(0)
    settings = {**arguments, "hidden": HIDDEN, "dropout": DROPOUT}
    model = methods.NAMES[method](backbone=None, **settings)
    batch_size = min(BATCH_SIZE, len(features.train))
    steps = EPOCHS * max(1, len(features.train) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-4))
    model.fit(
        (features.train - mean) / spread,
        features.train_labels,
        batch_size=batch_size,
        epochs=EPOCHS,
        verbose=0,
    )
    return lambda array: encoding.encode(
        model, (array - mean) / spread, batch_size=1000, verbose=False
    )


def _codes_map(features, encode, database_codes):
    report = evaluation.evaluate(
        encode(features.query), features.query_labels, database_codes, features.database_labels
    )
    return float(report.map)


def _only(features, queries):
    return dataclasses.replace(
        features, query=features.query[queries], query_labels=features.query_labels[queries]
    )


def _row(key, text, found):
    return {"row": key, "text": text, "map": found, "ties": "expected"}
