"""`fit` of a hashing model: data of every form, labels checked and numbered, then Keras."""

import inspect

import keras

from keras_hashing import losses, replicas
from keras_hashing.classes import Arriving, Classes, several
from keras_hashing.methods.feeding import Feed
from keras_hashing.methods.method_loss import MethodLoss
from keras_hashing.methods.training_data import TrainingData

_NAMES = [name for name in inspect.signature(keras.Model.fit).parameters if name != "self"]
# Losses of labels, and not of other targets.
_OF_LABELS = (MethodLoss, losses.PairwiseLoss, losses.TripletLoss, losses.HistogramLoss)


def fit(model, keras_fit, x, y, labels, args, kwargs):
    """Train a model.

    Args:
        model: `HashingModel`.
        keras_fit: Keras' own `fit`, bound to the model.
        x, y: as `HashingModel.fit` takes them.
        labels: all training labels, for data that cannot be read for them; or None.
        args, kwargs: the other arguments of `keras.Model.fit`.

    Returns:
        Keras' history.
    """
    kwargs = {**dict(zip(_NAMES[2:], args, strict=False)), **kwargs}
    data = TrainingData(x, y, model.backbone is None, model.image_size)
    if model.reads_again:
        data.check_readable()
    numbers = numbers_of(model, data, labels)
    data.numbers = numbers
    if model.needs_labels:
        known = labels if labels is not None else data.labels()
        with replicas.scope(model):
            model.prepare(numbers.numbers(several(known)))
    feed = _feed(model, numbers, kwargs)
    if _learns_from_labels(model):
        data.check_labelled()
    fed, targets = feed(x, y)
    if kwargs.get("validation_data") is not None:
        kwargs["validation_data"] = _validation(feed, kwargs["validation_data"])
    if kwargs.get("class_weight") is not None and numbers is not None:
        kwargs["class_weight"] = _weights(numbers, kwargs["class_weight"])
    if targets is None and y is not None:
        kwargs.pop("batch_size", None)  # the data has batches of its own now
    kwargs["callbacks"] = _watching(feed, numbers, targets is None, kwargs.get("callbacks"))
    model.training_data = data
    try:
        history = keras_fit(fed, targets, **kwargs)
    except Exception as error:
        if feed.error is not None and feed.error is not error:
            raise feed.error from None  # and not that of the pipeline which it stopped
        raise
    finally:
        model.training_data = None
    model.finish(data)
    return history


def fed(model, x, y, batch_size=None):
    """`x` and `y` as Keras takes them, of data in any form; labels as class numbers."""
    numbers = numbers_of(model, None, None) if y is not None or not hasattr(x, "dtype") else None
    return _feed(model, numbers, {"batch_size": batch_size, "shuffle": False})(x, y)


def numbers_of(model, data, labels):
    """What gives labels their class numbers, with a method `numbers`; kept by the model.

    Returns:
        `Classes` for a method with an output or a code for each class, `Arriving` for another
        that learns from labels, None where labels are not used.
    """
    if not _learns_from_labels(model) and not model.needs_labels:
        return None
    if not hasattr(getattr(model, "longest", model), "classes"):
        return _kept(model, model.label_numbers or Arriving())
    if model.label_numbers is None:
        if data is None:
            return None
        known = data.labels() if labels is None else labels
        classes = getattr(model, "longest", model).classes
        _kept(model, Classes.of(several(known), classes))
    return model.label_numbers


def _kept(model, numbers):
    """Have a model, and those inside a `Nested`, keep what gives labels their numbers."""
    for part in (model, *getattr(model, "parts", ())):
        part.label_numbers = numbers
    return numbers


def _learns_from_labels(model):
    return model.supervised and isinstance(model.loss, _OF_LABELS)


def _feed(model, numbers, settings):
    of_labels = numbers.numbers if numbers is not None and _learns_from_labels(model) else None
    return Feed(
        of_labels,
        model.backbone is None,
        model.image_size,
        settings.get("batch_size"),
        settings.get("shuffle", True),
        aside=not model.supervised and isinstance(model.loss, _OF_LABELS),
    )


def _validation(feed, given):
    """Validation data as Keras takes it: a tuple of arrays, or a data set."""
    quiet = Feed(
        feed.numbers,
        feed.features,
        feed.image_size,
        feed.batch_size,
        shuffle=False,
        aside=feed.aside,
    )
    if isinstance(given, (tuple, list)) and len(given) in (2, 3):
        x, y = quiet(given[0], given[1])
        return x if y is None else (x, y, *given[2:])
    x, y = quiet(given)
    return x if y is None else (x, y)


def _weights(numbers, class_weight):
    return {int(numbers.numbers([label])[0]): weight for label, weight in class_weight.items()}


def _watching(feed, numbers, streamed, callbacks):
    """The callbacks, and one that judges after an epoch what came in batches."""
    if not streamed:
        return callbacks

    def check(*_):
        feed.end()
        if isinstance(numbers, Arriving):
            numbers.check_several()

    watch = keras.callbacks.LambdaCallback(on_epoch_end=check)
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.callbacks.append(watch)
        return callbacks
    single = isinstance(callbacks, keras.callbacks.Callback)
    return [*([callbacks] if single else callbacks or []), watch]
