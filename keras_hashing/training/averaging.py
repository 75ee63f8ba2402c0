"""An exponential average of the weights, in the model's place while an epoch is judged."""

import keras
import numpy as np

from keras_hashing import files


class WeightAverage(keras.callbacks.Callback):
    """Keeps the average and puts it into the model at the end of an epoch.

    What comes after it in the list (evaluation, checkpoint) sees the average; `RawWeights`, later
    in the list, puts the trained weights back.

    Args:
        momentum: float in [0, 1), share of the average that a step keeps; 0 for no average.
        folder: path-like, where the average is kept for a run that resumes.
    """

    def __init__(self, momentum, folder):
        super().__init__()
        self.momentum = momentum
        self.folder = folder
        self.raw = []
        self.average = []  # one array a trainable variable, from the first epoch on

    def on_epoch_begin(self, epoch, logs=None):
        if not self.average:
            self.average = [np.array(w.numpy()) for w in self.model.trainable_variables]
            if self._path(epoch).is_file():
                with np.load(self._path(epoch), allow_pickle=False) as stored:
                    self.average = [stored[f"{i}"] for i in range(len(self.average))]

    def on_train_batch_end(self, batch, logs=None):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()  # else the variables are empty until the epoch ends
        for average, variable in zip(self.average, self.model.trainable_variables, strict=True):
            average *= self.momentum
            average += (1.0 - self.momentum) * np.asarray(variable)

    def on_epoch_end(self, epoch, logs=None):
        self.raw = [np.array(w.numpy()) for w in self.model.trainable_variables]
        self._assign(self.average)
        with files.atomic_path(self._path(epoch + 1)) as temporary, temporary.open("wb") as file:
            np.savez(file, **{f"{i}": average for i, average in enumerate(self.average)})
        self._path(epoch - 1).unlink(missing_ok=True)

    def restore(self):
        """Put the trained weights back."""
        self._assign(self.raw)

    def _assign(self, values):
        for variable, value in zip(self.model.trainable_variables, values, strict=True):
            variable.assign(value)

    def _path(self, epoch):
        return self.folder / f"average_{epoch}.npz"


class RawWeights(keras.callbacks.Callback):
    """Ends the epoch's time with the average in the model.

    Args:
        average: `WeightAverage`, earlier in the list.
    """

    def __init__(self, average):
        super().__init__()
        self.average = average

    def on_epoch_end(self, epoch, logs=None):
        self.average.restore()
