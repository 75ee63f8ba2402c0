"""A search for settings by KerasTuner: heads on frozen features, judged on validation images."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_hashing import checks
from keras_hashing import methods as hashing
from keras_hashing.callbacks import RetrievalEvaluation
from keras_hashing.training.frozen_features import features_of
from keras_hashing.training.on_features import fit_head, make_head, scaling
from keras_hashing.training.recipe import Recipe, load_data
from keras_hashing.training.trained import FEATURES, RUNS
from keras_hashing.training.usual_settings import head_epochs, head_recipe, head_settings
from keras_hashing.types import ArrayLike, Path

if TYPE_CHECKING:
    import keras_tuner

OBJECTIVE = "val_map"
METHODS = ("dhn", "hashnet", "csq", "orthohash", "greedyhash")
LEARNING_RATES = (2e-4, 1e-2)
WEIGHTS = (1e-3, 1.0)  # of the quantization term
WEIGHTED = ("dhn", "dpsh", "csq", "greedyhash", "deepbit", "usdh")  # with a `quantization_weight`


@dataclasses.dataclass(frozen=True)
class Trial:
    """One trial of a search.

    Attributes:
        recipe: `Recipe` that trains it again.
        val_map: float in [0, 1], after the last epoch; None where it failed.
        problem: str or None, the last line of what went wrong.

    Example:
        >>> import keras_hashing as kh
        >>> recipe = kh.training.parse_recipe('''
        ... name = "dhn_photos_48"
        ... model = {method = "dhn", bits = 48}
        ... data = {folder = "photos"}
        ... training = {epochs = 5}
        ... ''')
        >>> Trial(recipe, val_map=0.9).recipe.name
        'dhn_photos_48'
    """

    recipe: Recipe
    val_map: float | None
    problem: str | None = None


def hyper_model(
    train: tuple[ArrayLike, ArrayLike],
    validation: tuple[ArrayLike, ArrayLike],
    source: dict[str, Any],
    *,
    methods: Sequence[str] = METHODS,
    bits: Sequence[int] = (48,),
) -> "keras_tuner.HyperModel":
    """A `keras_tuner.HyperModel` over method, bits, learning rate, quantization weight, schedule.

    What is not searched for stands as in the published heads. Its `recipe(hp)` is the `Recipe` of
    a set of values; its `fit` trains and returns the `val_map` of the last epoch. Trials without
    one stop the search by an error; KerasTuner alone would go on to the end.

    Args:
        train: tuple of features, float `(n, channels)`, and labels.
        validation: the same, of other images, each to be found by the others of its class.
        source: dict, [data] of the recipes.
        methods: names of `keras_hashing.methods.NAMES` that are trained by gradients.
        bits: ints, code lengths.

    Raises:
        ValueError: an unknown method or one that is fitted, validation images without labels, or
            none of which share one.

    Example:
        >>> import keras_tuner
        >>> features = np.random.default_rng(0).normal(size=(40, 8)).astype("float32")
        >>> labels = np.arange(40) % 4
        >>> train, validation = (features[:20], labels[:20]), (features[20:], labels[20:])
        >>> model = hyper_model(train, validation, {"folder": "photos"}, bits=[32, 48])
        >>> model.recipe(keras_tuner.HyperParameters()).model["bits"]
        32
        >>> tuner = keras_tuner.RandomSearch(  # `tuner.search()` begins it
        ...     model, keras_tuner.Objective("val_map", "max"), directory="runs"
        ... )
    """
    import keras_tuner

    _check_space(methods, bits)
    if validation[1] is None:
        raise ValueError("`validation` must have labels: trials are compared by its mAP.")
    RetrievalEvaluation(validation)  # refuses images of which no two share a label

    class HashingHyperModel(keras_tuner.HyperModel):
        def recipe(self, hp):
            return _recipe(_values(hp, methods, bits), source, len(train[0]))

        def build(self, hp):
            return make_head(self.recipe(hp))

        def fit(self, hp, model, *args, **kwargs):
            recipe = self.recipe(hp)
            mean, spread = scaling(recipe, train[0])
            judge = RetrievalEvaluation(((validation[0] - mean) / spread, validation[1]))
            watching = [judge, *kwargs.get("callbacks", ())]
            inputs = (train[0] - mean) / spread
            logs = fit_head(model, inputs, train[1], recipe.training, watching)[-1]
            if OBJECTIVE not in logs:
                raise keras_tuner.errors.FatalValueError(
                    f"the search is stopped: its trials log no `{OBJECTIVE}` to compare, only "
                    f"{', '.join(key for key in logs if key != 'epoch')}. `RetrievalEvaluation` "
                    "must write it in every epoch."
                )
            return {OBJECTIVE: logs[OBJECTIVE]}

    return HashingHyperModel()


def tune(
    source: dict[str, Any],
    *,
    data_dir: Path | None = None,
    run_dir: Path = RUNS,
    features_dir: Path = FEATURES,
    methods: Sequence[str] = METHODS,
    bits: Sequence[int] = (48,),
    trials: int = 20,
    seed: int = 0,
) -> list[Trial]:
    """Search at random, and go on where a search of the same settings stopped.

    Features of the frozen EfficientNet-Lite0 are computed once; after that a trial takes seconds.
    The test queries are not touched.

    Args:
        source: dict, where the images are, as `keras_hashing.data.from_source` takes it.
        data_dir: as of `train`.
        run_dir: str or path-like, where KerasTuner keeps the trials.
        features_dir: str or path-like, where features are kept.
        methods, bits: as of `hyper_model`.
        trials: int, how many in all.
        seed: int, of the search.

    Returns:
        List of `Trial`, best first, failed ones last.

    Raises:
        ValueError: as of `hyper_model`; or no trial has a `val_map`.

    Example:
        >>> import keras_hashing as kh
        >>> best = kh.training.tune(  # doctest: +SKIP
        ...     {"folder": "photos"}, data_dir="/data", trials=20
        ... )[0]
        >>> trained = kh.training.train(best.recipe, data_dir="/data")  # doctest: +SKIP
    """
    import keras_tuner

    _check_space(methods, bits)
    checks.whole("trials", trials, 1, None)
    settings = head_settings(methods[0], bits[0])
    base = head_recipe(source, settings[0], {**settings[1], "validation": True})
    data = load_data(base, data_dir)
    features = features_of(base, data, features_dir)
    train, validation = (
        (np.asarray(features.of(part)), part.labels) for part in (data.train, data.validation)
    )
    model = hyper_model(train, validation, source, methods=methods, bits=bits)
    space = [source, [*methods], [*bits], seed, len(data.train), LEARNING_RATES, WEIGHTS]
    tuner = keras_tuner.RandomSearch(
        model,
        objective=keras_tuner.Objective(OBJECTIVE, "max"),
        max_trials=trials,
        seed=seed,
        directory=str(run_dir),
        project_name=f"tune_{hashlib.sha256(json.dumps(space).encode()).hexdigest()[:12]}",
    )
    tuner.search(verbose=0)
    found = [_trial(model, trial) for trial in tuner.oracle.trials.values()]
    return sorted(found, key=lambda trial: -1.0 if trial.val_map is None else trial.val_map)[::-1]


def _check_space(methods, bits):
    for method in methods:
        kind = hashing.NAMES[checks.one_of("method", method, hashing.NAMES)]
        if kind.adapts or method == "mixed":
            raise ValueError(
                f"{method} is fitted and not trained to the end by gradients: it has nothing to "
                "search for. Train it, and compare its validation mAP."
            )
    for length in bits:
        checks.bits(length)
    if not methods or not bits:
        raise ValueError("give one of `methods` and of `bits` at least.")


def _values(hp, methods, bits):
    """The values of one trial; a method without a quantization weight has none."""
    method = hp.Choice("method", [*methods])
    values = {
        "method": method,
        "bits": hp.Choice("bits", [*bits]),
        "learning_rate": hp.Float("learning_rate", *LEARNING_RATES, sampling="log"),
        "schedule": hp.Choice("schedule", ["cosine", "constant"]),
    }
    weighted = [name for name in methods if name in WEIGHTED]
    if weighted:
        with hp.conditional_scope("method", weighted):
            weight = hp.Float("quantization_weight", *WEIGHTS, sampling="log")
        if method in weighted:
            values["quantization_weight"] = weight
    return values


def _recipe(values, source, images):
    """The recipe of a trial; numbers have three digits, as they are trained and told."""
    model, training = head_settings(values["method"], values["bits"])
    training |= {
        "epochs": head_epochs(training, images),
        "learning_rate": float(f"{values['learning_rate']:.3g}"),
        "schedule": values["schedule"],
        "validation": True,
    }
    if "quantization_weight" in values:
        model["quantization_weight"] = float(f"{values['quantization_weight']:.3g}")
    return head_recipe(source, model, training)


def _trial(model, trial):
    problem = None
    if trial.score is None:
        lines = [line for line in (trial.message or "").splitlines() if line.strip()]
        problem = lines[-1].strip() if lines else "it was not finished"
    return Trial(model.recipe(trial.hyperparameters), trial.score, problem)
