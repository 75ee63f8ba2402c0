"""Train a recipe's model on images; a run that was killed goes on where it stopped."""

import csv
import inspect
import json
import pathlib
import time

import keras
import numpy as np

from keras_hashing import callbacks, checks, files, methods
from keras_hashing.training.averaging import RawWeights, WeightAverage
from keras_hashing.training.batches import TrainingBatches
from keras_hashing.training.optimizer import freeze_before, make_optimizer
from keras_hashing.training.recipe import Training

LOGS = "tensorboard"  # in a run's folder
_HISTORY = "history.csv"
_CHOSEN = "chosen.weights.h5"


def train_images(recipe, data, run_dir, verbose=1):
    """Train a recipe's model on images; called again with the same folder, it goes on.

    The folder keeps a backup of the last whole epoch, the weights of the chosen epoch,
    `history.csv` with one line an epoch, and logs for `tensorboard --logdir`, with retrieval on the
    validation images where the recipe has them. The test queries are not touched.

    Args:
        recipe: `Recipe`.
        data: its `keras_hashing.data.Data`.
        run_dir: str or path-like, the run's own folder.
        verbose: int, as `fit` takes it.

    Returns:
        Tuple of the trained `HashingModel` and a list of one dict an epoch.

    Raises:
        ValueError: an argument that the method does not have, or a run folder of another recipe.
    """
    run_dir = pathlib.Path(run_dir)
    _claim(run_dir, recipe)
    training = recipe.training
    keras.utils.set_random_seed(recipe.seed)
    model = make_model(recipe)
    history_path = run_dir / _HISTORY
    batches = TrainingBatches(
        data.train,
        training.batch_size,
        recipe.seed,
        training.flip,
        training.shift,
        training.erase,
    )
    model.compile(make_optimizer(training, len(batches), model.backbone))
    if len(read_history(history_path)) < training.epochs:
        model.fit(
            batches,
            epochs=training.epochs,
            shuffle=False,
            verbose=verbose,
            callbacks=_callbacks(recipe, data, batches, run_dir),
        )
    elif model.needs_labels:
        model.prepare(data.train.labels)
    model.load_weights(run_dir / _CHOSEN)
    if training.nested:
        model = model.prefix(recipe.model["bits"])
    return model, read_history(history_path)


def make_model(recipe):
    """The untrained model of a recipe; `Nested` where the recipe has further lengths."""
    method, arguments = method_of(recipe)
    training = recipe.training
    if training.nested:
        lengths = (*training.nested, arguments.pop("bits"))
        model = methods.Nested(method, bits=lengths, **arguments)
    else:
        model = methods.NAMES[method](**arguments)
    if training.trained_from is not None:
        freeze_before(model.backbone, training.trained_from)
    return model


def method_of(recipe):
    """Name of a recipe's method and its arguments.

    A method that draws by a seed of its own, such as that of its centres, gets the recipe's.
    """
    arguments = dict(recipe.model)
    method = checks.one_of("method", arguments.pop("method"), methods.NAMES)
    if "seed" in inspect.signature(methods.NAMES[method]).parameters:
        arguments.setdefault("seed", recipe.seed)
    return method, arguments


class EpochState(keras.callbacks.Callback):
    """Sets what an epoch starts from: the batches' order and each dropout's random state.

    Keras saves neither, so a resumed run would draw others.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.start_epoch(epoch)
        for number, generator in enumerate(_seed_generators(self.model)):
            generator.state.assign(np.array([number, 1000 * (epoch + 1)], "uint32"))


class EpochSeconds(keras.callbacks.Callback):
    """Puts the wall time of an epoch into the logs, in seconds."""

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self._start


def _callbacks(recipe, data, batches, run_dir):
    best = recipe.training.select == "best"
    before = [row["val_map"] for row in read_history(run_dir / _HISTORY) if "val_map" in row]
    average = WeightAverage(recipe.training.average, run_dir)
    log_dir = run_dir / LOGS
    judges = []
    if recipe.training.validation:
        judges.append(callbacks.TensorBoardRetrieval(log_dir, data.validation))
    return [
        EpochState(batches),
        average,
        *judges,
        EpochSeconds(),
        keras.callbacks.TensorBoard(log_dir, write_graph=False),
        keras.callbacks.ModelCheckpoint(
            run_dir / _CHOSEN,
            monitor="val_map" if best else "loss",
            mode="max" if best else "min",
            save_best_only=best,
            save_weights_only=True,
            initial_value_threshold=max(before) if best and before else None,
        ),
        keras.callbacks.CSVLogger(run_dir / _HISTORY, append=True),
        RawWeights(average),
        keras.callbacks.BackupAndRestore(
            run_dir / "backup", double_checkpoint=True, delete_checkpoint=False
        ),
        keras.callbacks.TerminateOnNaN(),
    ]


def read_history(path):
    """The epochs logged so far: a list of dicts of floats, empty if there is no file.

    An epoch that was logged, killed before its backup and run again counts once.
    """
    if not pathlib.Path(path).is_file():
        return []
    with pathlib.Path(path).open(newline="", encoding="utf-8") as file:
        # Without validation images Keras adds columns of "NA".
        rows = [
            {key: float(value) for key, value in row.items() if value != "NA"}
            for row in csv.DictReader(file)
        ]
    return list({row["epoch"]: row for row in rows}.values())


def _claim(run_dir, recipe):
    """Make the run's folder, or check that it belongs to this recipe."""
    run_dir.mkdir(parents=True, exist_ok=True)
    marker = run_dir / "recipe.json"
    settings = {
        "seed": recipe.seed,
        "model": recipe.model,
        "data": recipe.data,
        "training": vars(recipe.training),
    }
    if marker.is_file():
        stored = json.loads(marker.read_text(encoding="utf-8"))
        stored["training"] = {**vars(Training()), **stored["training"]}  # of an older version
        if stored != settings:
            raise ValueError(
                f"{run_dir} holds a run of a recipe with other settings. "
                "Give another folder, or delete this one."
            )
    else:
        with files.atomic_path(marker) as temporary:
            temporary.write_text(json.dumps(settings, indent=1), encoding="utf-8")


def _seed_generators(model):
    """Random states of all layers of a model, nested ones included, in a fixed order."""
    generators = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            generators += _seed_generators(layer)
        elif hasattr(layer, "seed_generator"):
            generators.append(layer.seed_generator)
    return generators
