"""One run: train a method's head with one setting, and measure its codes."""

import dataclasses
import inspect
import time

import keras
import numpy as np

from benchmarks.methods import feature_sets
from benchmarks.methods.settings import BATCH_SIZE, CONTESTANTS, HEAD, NESTED_BITS, WEIGHT_DECAY
from keras_hashing import codes, encoding, evaluation, methods
from keras_hashing.data.protocols import UNSEEN_FROM
from keras_hashing.evaluation import float_ranking

AT = (1000,)
FLOAT_BITS = 48  # code length whose outputs before the sign are measured too


@dataclasses.dataclass(frozen=True)
class Run:
    """What is to be done.

    Args:
        stage: "validation", a choice of setting on validation images; "test"; "unseen"; or
            "nested", one model for several lengths.
        protocol: str, the data's.
        contestant: str, a key of `CONTESTANTS`.
        setting: int, which of its settings.
        bits: int.
        seed: int.
    """

    stage: str
    protocol: str
    contestant: str
    setting: int
    bits: int
    seed: int


def execute(run, cache, data_dir):
    """Do a run.

    Args:
        run: `Run`.
        cache, data_dir: as `feature_sets.load` takes them.

    Returns:
        List of dicts, one for each protocol that the codes were measured under: the fields of
        `run`, `protocol`, and the figures.
    """
    sets = feature_sets.load(run.protocol, cache, data_dir)
    started = time.perf_counter()
    if run.stage == "validation":
        model = train(run, sets.train)
        figures = [_validation_figures(model, sets.validation)]
    elif run.stage == "unseen":
        figures = [_unseen_figures(run, sets)]
    elif run.stage == "nested":
        figures = _nested_figures(train(run, sets.training), sets)
    else:
        model = train(run, sets.training)
        figures = _test_figures(run, model, sets)
    seconds = round(time.perf_counter() - started, 1)
    return [{**dataclasses.asdict(run), "seconds": seconds, **row} for row in figures]


def train(run, part):
    """A model of features, trained on a `Part`."""
    contestant = CONTESTANTS[run.contestant]
    setting = {**contestant.fixed, **contestant.settings[run.setting]}
    learning_rate = setting.pop("learning_rate", None)
    keras.utils.set_random_seed(run.seed)
    method = methods.NAMES[contestant.method]
    if method.adapts:
        if "seed" in inspect.signature(method).parameters:
            setting["seed"] = run.seed
        model = method(bits=run.bits, backbone=None, **setting)
        given = (part.features, part.labels) if model.needs_labels else (part.features,)
        model.adapt(*given)
        return model
    arguments = {"backbone": None, **HEAD, **setting}
    if run.stage == "nested":
        model = methods.Nested(method, bits=NESTED_BITS, **arguments)
    else:
        model = method(bits=run.bits, **arguments)
    original = run.protocol == "cifar10-orig"
    epochs = contestant.original_epochs if original else contestant.epochs
    steps = epochs * -(-len(part) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=learning_rate, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY)
    model.compile(optimizer, steps_per_execution=16)
    model.fit(part.features, part.labels, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return model


def _outputs(model, part):
    return encoding.outputs(model, part.features, batch_size=4096, verbose=False)


def _validation_figures(model, validation):
    """The validation images against themselves, each without itself."""
    packed, ids = codes.pack(_outputs(model, validation)), np.arange(len(validation))
    labels = validation.labels
    report = evaluation.evaluate(
        packed, labels, packed, labels, query_ids=ids, database_ids=ids, exclude_self=True
    )
    return {"map": report.map}


def _test_figures(run, model, sets):
    query, database = _outputs(model, sets.query), _outputs(model, sets.database)
    evaluator = evaluation.Evaluator(codes.pack(query), sets.query.labels, bits=run.bits, at=AT)
    evaluator.update(codes.pack(database), sets.database.labels)
    row = figures_of(evaluator.result())
    if run.bits == FLOAT_BITS and run.seed == 0 and run.protocol == "cifar10-s1":
        for kind in ("cosine", "inner"):
            row[f"map_{kind}"] = float_ranking.mean_average_precision(
                query, sets.query.labels, database, sets.database.labels, similarity=kind
            )
    rows = [row]
    if run.protocol == "cifar10-s1":  # s1b only adds the training images to the database
        evaluator.update(codes.pack(_outputs(model, sets.training)), sets.training.labels)
        rows.append({"protocol": "cifar10-s1b", **figures_of(evaluator.result())})
    return rows


def _nested_figures(model, sets):
    """The beginnings of one model's codes, as codes of their own."""
    query, database = (codes.pack(_outputs(model, part)) for part in (sets.query, sets.database))
    rows = []
    for bits in model.lengths:
        one, other = (codes.prefix(array, model.bits, bits) for array in (query, database))
        report = evaluation.evaluate(
            one, sets.query.labels, other, sets.database.labels, bits=bits, at=AT
        )
        rows.append({"bits": bits, **figures_of(report)})
    return rows


def _unseen_figures(run, sets):
    """Trained on classes 0 to 6; the database of all, queries of either kind."""
    contestant = CONTESTANTS[run.contestant]
    known = sets.training.labels < UNSEEN_FROM
    if contestant.labels == "all":
        model = train(run, sets.training.only(known))
    elif contestant.labels == "some":  # the rest without labels: rows of zeros
        rows = np.eye(UNSEEN_FROM, dtype=np.float32)[sets.training.labels * known] * known[:, None]
        model = train(run, feature_sets.Part(sets.training.features, rows))
    else:
        model = train(run, sets.training)
    database = codes.pack(_outputs(model, sets.database))
    new = sets.query.labels >= UNSEEN_FROM
    found = {}
    for key, rows in (("map", new), ("map_seen", ~new)):
        part = sets.query.only(rows)
        packed = codes.pack(_outputs(model, part))
        report = evaluation.evaluate(
            packed, part.labels, database, sets.database.labels, bits=run.bits
        )
        found[key] = report.map
    return {"protocol": "cifar10-unseen", **found}


def figures_of(report):
    return {
        "map": report.map,
        "map_best": report.map_best,
        "map_worst": report.map_worst,
        "map_at_1000_hits": report.map_at_hits[1000],
        "precision_radius": report.precision_radius,
    }
