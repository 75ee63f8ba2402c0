"""Train a recipe's head alone, on features of a frozen backbone that are computed once."""

import time

import keras
import numpy as np

from keras_hashing import checks, encoding, methods, relevance
from keras_hashing.callbacks import RetrievalEvaluation
from keras_hashing.layers import HashHead
from keras_hashing.training.on_images import make_model, method_of
from keras_hashing.training.optimizer import make_optimizer
from keras_hashing.zoo.loading import backbone_parts

_OF_BACKBONE = ("backbone", "image_size", "pretrained", "train_backbone")
_CHECKED = 16  # rows whose outputs must be those of the whole model
_CLOSE = 1e-3
_LEAST_SPREAD = 1e-3  # of a channel, to the mean over channels


def train_head(recipe, data, features):
    """Train the head of a recipe, and put it behind the backbone.

    Args:
        recipe: `Recipe` with `training.features`.
        data: `keras_hashing.data.Data`.
        features: `PartFeatures` or `FrozenFeatures` of the recipe's backbone.

    Returns:
        Tuple of the whole model, from images to outputs, and a list of one dict an epoch.

    Raises:
        ValueError: an argument that the method does not have, or standardised features for a
            head whose first layer is not dense.
    """
    started = time.perf_counter()
    standardised = recipe.training.features == "standardised"
    inputs = np.asarray(features.of(data.train), np.float32)
    mean, spread = scaling(recipe, inputs)
    head = make_head(recipe)
    history = fit_head(head, (inputs - mean) / spread, data.train.labels, recipe.training)
    if history and recipe.training.validation:
        held_out = (np.asarray(features.of(data.validation)) - mean) / spread
        found = validation_map(head, held_out, data.validation.labels)
        history[-1].update({} if found is None else {"val_map": found})
    if standardised:
        _take_in(head, mean, spread)
    model = _whole(recipe, head, data)
    _check(model, head, inputs[:_CHECKED])
    for row in history:
        row["seconds"] = (time.perf_counter() - started) / len(history)
    return model, history


def validation_map(head, inputs, labels):
    """Expected-tie mAP of items against themselves, self left out.

    Args:
        head: model of features.
        inputs: float array `(n, channels)`.
        labels: of these items, or None.

    Returns:
        Float, or None where there are no labels, or no two items share one.
    """
    try:
        judge = RetrievalEvaluation((inputs, relevance.labels("labels", labels)))
    except (TypeError, ValueError):
        return None
    judge.set_model(head)
    return float(judge.evaluate().map)


def head_outputs(model, features):
    """Outputs of a whole model for features of its backbone, float32 `(n, bits)`."""
    head = _without_backbone(model)
    return encoding.outputs(head, np.asarray(features), batch_size=1024, verbose=False)


def make_head(recipe):
    """The untrained model of a recipe without its backbone; sets Keras' random seed."""
    method, arguments = method_of(recipe)
    arguments = {key: value for key, value in arguments.items() if key not in _OF_BACKBONE}
    keras.utils.set_random_seed(recipe.seed)
    return methods.NAMES[method](backbone=None, **arguments)


def scaling(recipe, inputs):
    """Mean and spread by which a recipe standardises features, `(channels,)`; or 0 and 1.

    Channels that hardly ever change, as few photos may have them, count as spread by a thousandth
    of the others: the first layer takes the division into its weights, which float16 must hold.
    """
    if recipe.training.features != "standardised":
        return np.zeros(inputs.shape[1]), np.ones(inputs.shape[1])
    spread = inputs.std(axis=0) + 1e-6
    return inputs.mean(axis=0), np.maximum(spread, _LEAST_SPREAD * spread.mean())


def fit_head(head, inputs, labels, training, callbacks=()):
    """Train or fit a model without a backbone on features.

    Args:
        head: `HashingModel` or `AdaptedModel` with `backbone=None`.
        inputs: float32 array `(n, channels)`.
        labels: int `(n,)`, multi-hot `(n, classes)` or None.
        training: `Training`.
        callbacks: list of Keras callbacks; a method that is fitted by `adapt` takes none.

    Returns:
        List of one dict an epoch, with its `loss` and what callbacks logged in every epoch; empty
        for a method that is fitted.
    """
    if head.adapts:
        head.adapt(inputs, *([labels] if head.needs_labels else []))
        return []
    steps = -(-len(inputs) // training.batch_size)
    head.compile(make_optimizer(training, steps), steps_per_execution=16)
    fitted = head.fit(
        inputs,
        labels,
        batch_size=training.batch_size,
        epochs=training.epochs,
        callbacks=[*callbacks],
        verbose=0,
    )
    logged = {key: v for key, v in fitted.history.items() if len(v) == training.epochs}
    return [
        {"epoch": float(i), **{key: values[i] for key, values in logged.items()}}
        for i in range(training.epochs)
    ]


def _take_in(head, mean, spread):
    """Have the first layer standardise: W(x - m)/s + b = (W/s)x + (b - Wm/s)."""
    first = next(layer for layer in head.head.layers if layer.weights)
    if not isinstance(first, (keras.layers.Dense, HashHead)):
        raise ValueError(
            '`features = "standardised"` needs a head whose first layer is dense: set `hidden`, or '
            'train on "raw" features.'
        )
    kernel, bias = (np.asarray(weight, np.float64) for weight in (first.kernel, first.bias))
    kernel = kernel / spread[:, None]
    first.bias.assign(bias - mean @ kernel)
    first.kernel.assign(kernel)


def _whole(recipe, head, data):
    """The recipe's model with the trained weights behind a frozen backbone."""
    arguments = dict(recipe.model)
    if not head.adapts:
        checks.one_of("train_backbone", arguments.get("train_backbone", False), (False,))
    model = make_model(recipe)
    if model.needs_labels and not model.adapts:
        model.prepare(data.train.labels)
    _copy(head, model, backbone_parts(model))
    return model


def _without_backbone(model):
    config = {**model.get_config(), "backbone": None}
    for key in ("image_size", "pretrained"):
        config.pop(key, None)
    head = type(model).from_config(config)
    head.build((None, model.backbone.output_shape[-1]))
    _copy(model, head, backbone_parts(model))
    return head


def _copy(source, target, backbone):
    """Copy all weights but the backbone's, whose paths begin with one of `backbone`.

    A model built without a backbone has its name in front of the paths.
    """
    values = {
        variable.path.removeprefix(f"{source.name}/"): variable for variable in source.weights
    }
    for variable in target.weights:
        if variable.path.split("/")[0] not in backbone:
            value = values[variable.path.removeprefix(f"{target.name}/")]
            # As an array: JAX would have both share the memory, which a step frees.
            variable.assign(np.array(value.numpy()))


def _check(model, head, features):
    found, wanted = head_outputs(model, features), np.asarray(head(features))
    if not np.allclose(found, wanted, atol=_CLOSE):
        raise ValueError(
            f"{model.method} cannot be trained on features alone: behind the backbone its outputs "
            "differ. Train it on images."
        )
