"""From a trained model to an entry: weights, codes, and the rankings to compare them with."""

import os
import platform

import keras
import numpy as np

from keras_hashing import methods, zoo
from keras_hashing.training import comparisons
from keras_hashing.training.frozen_features import FrozenFeatures, PartFeatures, rows_in
from keras_hashing.training.recipe import describe_data
from keras_hashing.training.trained import Trained
from keras_hashing.types import Path

LICENCE = "Apache-2.0"
UNSEEN_PROTOCOL = "cifar10-s1"  # cards of its entries also tell what new classes cost

_DHN = "Zhu et al., AAAI 2016"
_REPRINT = "reprinted in Adv. Multimedia 2017, table 3"
_DPSH = "DPSH-pytorch README"

# Published mAP on a protocol by method, variant and bits, with source and backbone.
PAPER_FIGURES = {
    ("dhn", "dhn"): ("cifar10-s1", {32: 0.603, 48: 0.621}, _DHN, "AlexNet"),
    ("dnnh", None): ("cifar10-s1", {32: 0.558, 48: 0.581}, _REPRINT, "NIN"),
    ("cnnh", "cnnh"): ("cifar10-s1", {32: 0.509, 48: 0.522}, _REPRINT, "small CNN"),
    ("cnnh", "plus"): ("cifar10-s1", {32: 0.521, 48: 0.532}, _REPRINT, "small CNN"),
    ("dpsh", None): ("cifar10-s1", {32: 0.7758, 48: 0.7828}, _DPSH, "AlexNet"),
    ("ksh", None): ("cifar10-s1", {32: 0.346, 48: 0.356}, _REPRINT, "GIST"),
}


def paper_figure(method, variant, protocol, bits):
    """What was published for a method: dict of source, map and backbone; None if nothing was."""
    where, figures, source, backbone = PAPER_FIGURES.get((method, variant), (None, {}, "", ""))
    if protocol != where or bits not in figures:
        return None
    return {"source": source, "map": figures[bits], "backbone": backbone}


def publish(trained: Trained, path: Path, *, frozen_size: int = 224) -> zoo.Entry:
    """Write a trained recipe as an entry, its card with all rows for comparison.

    The test queries are used here, once.

    Args:
        trained: `Trained`, as `train` returns it.
        path: str or path-like, the entry's folder.
        frozen_size: int, pixels, of the frozen EfficientNet-Lite0 that a model trained on images
            is compared with. A head is compared with the features that it was trained on.

    Returns:
        `keras_hashing.zoo.Entry`.

    Raises:
        ValueError: as of `keras_hashing.zoo.save`.

    Example:
        >>> import keras_hashing as kh
        >>> recipe = kh.training.read_recipe("dhn_photos_48.toml")  # doctest: +SKIP
        >>> trained = kh.training.train(recipe, data_dir="/data")  # doctest: +SKIP
        >>> publish(trained, "entries/dhn_photos_48").metrics["map(expected)"]  # doctest: +SKIP
        0.9216
    """
    recipe, model, data = trained.recipe, trained.model, trained.data

    def compare(shipped, query_outputs, database_outputs):
        if data.query.labels is None:
            return []
        found = _frozen_rows(trained, frozen_size)
        if data.query.labels.ndim == 1:
            train_outputs = _train_outputs(trained, shipped, database_outputs)
            outputs = (train_outputs, query_outputs, database_outputs)
            found.append(comparisons.own_class_row(data, *outputs))
            if data.protocol is None and (row := comparisons.svm_row(data, *outputs)):
                found.append(row)
        lengths = recipe.training.nested
        return found + comparisons.prefix_rows(data, query_outputs, database_outputs, lengths)

    return zoo.save(
        model,
        path,
        data,
        recipe=recipe.text,
        compare=compare,
        training=training_facts(recipe, trained.history),
        paper=paper_figure(
            model.method, getattr(model, "variant", None), data.protocol, model.bits
        ),
        licence=LICENCE,
        outputs_of=trained.outputs_of,
    )


def training_facts(recipe, history):
    """What the card says of the training: a dict of JSON scalars.

    Args:
        recipe: `Recipe`.
        history: list of dicts, one an epoch, as `read_history` gives them.
    """
    training = recipe.training
    facts = {
        "command": f"keras-hashing train {recipe.name}.toml --data-dir DIR",
        **({"trained on": f"{training.features} features"} if training.features else {}),
        **({"trained_from": training.trained_from} if training.trained_from else {}),
        **({"lengths": _lengths(recipe)} if training.nested else {}),
        "data": describe_data(recipe.data),
        "seed": recipe.seed,
        "epochs": len(history),
        "images": "all training images"
        if not training.validation
        else "the training images without the validation images",
    }
    scored = [row for row in history if "val_map" in row]
    if scored:
        best = max(scored, key=lambda row: row["val_map"])
        chosen = best if training.select == "best" else scored[-1]
        facts["epoch_kept"] = int(chosen["epoch"]) + 1
        facts["val_map_expected"] = round(chosen["val_map"], 4)
        facts["chosen_by"] = (
            "mAP of the validation images against themselves, self left out"
            if training.select == "best"
            else "the last epoch"
        )
    if all("seconds" in row for row in history):
        facts["minutes"] = round(sum(row["seconds"] for row in history) / 60, 1)
    facts["backend"] = f"{keras.backend.backend()} on {keras.distribution.list_devices()[0]}"
    facts["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    return facts


def _train_outputs(trained, shipped, database_outputs):
    """Outputs of the training images: rows of the database's where they are all in it."""
    rows = rows_in(trained.data.database, trained.data.train)
    if rows is None:
        return trained.outputs_of(shipped, trained.data.train)
    return database_outputs[rows]


def _lengths(recipe):
    return ", ".join(f"{bits}" for bits in (*recipe.training.nested, recipe.model["bits"]))


def _frozen_rows(trained, frozen_size):
    """Rows for comparison from frozen features of the same images: a new list."""
    recipe, data, bits = trained.recipe, trained.data, trained.model.bits
    if trained.features is not None:
        known = trained.features.rows  # other heads on these features have the same rows
        if bits not in known:
            features = _features(data, trained.features)
            known[bits] = comparisons.frozen_rows(features, bits, str(trained.features))
        return [*known[bits]]
    cache = PartFeatures(data, FrozenFeatures(trained.features_dir, image_size=frozen_size))
    features = _features(data, cache)
    rows = comparisons.frozen_rows(features, bits, str(cache))
    method = recipe.model["method"]
    if data.protocol == UNSEEN_PROTOCOL and methods.NAMES[method].supervised:
        of_backbone = ("method", "backbone", "image_size", "pretrained")
        arguments = {k: v for k, v in recipe.model.items() if k not in of_backbone}
        rows += comparisons.unseen_rows(features, method, arguments, str(cache))
    return rows


def _features(data, cache):
    return comparisons.Features(
        train=np.asarray(cache.of(data.train)),
        train_labels=data.train.labels,
        query=np.asarray(cache.of(data.query)),
        query_labels=data.query.labels,
        database=np.asarray(cache.of(data.database)),
        database_labels=data.database.labels,
    )
