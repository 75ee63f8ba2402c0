"""Semantic hashing, re-created for image features.

Salakhutdinov, Hinton, "Semantic Hashing", SIGIR workshop on information retrieval and
applications of graphical models, 2007; International Journal of Approximate Reasoning 2009.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_hashing import checks
from keras_hashing.hashers.autoencoder import Autoencoder
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments, Sample
from keras_hashing.hashers.principal_components import check_spread
from keras_hashing.hashers.rbm import RBM

_BATCH = 100
_BATCHES = 20  # in an epoch, at least, where there are as many rows
_FLAT = 1e-6  # a channel that varies less than this part of the most variable one is left out


@keras.saving.register_keras_serializable("keras_hashing", name="SemanticHash")
class SemanticHash(Hasher):
    """Outputs of a deep encoder whose code layer was trained under noise, so that it says 0 or 1.

    A stack of restricted Boltzmann machines is trained greedily by contrastive divergence,
    unrolled into an autoencoder, and fine-tuned by backpropagation. Each training item keeps
    one draw of noise, added to what goes into the code layer.

    The paper is about documents and word counts. This is a re-creation for features: the first
    machine has Gaussian visible units over standardised channels, and all settings are ours.

    Args:
        bits: int in 1..4096, the code length.
        hidden: sequence of ints, units of the layers between features and code.
        threshold: float in (0, 1), the activity from which on a bit is 1; or `"median"`, half of
            the training items for each bit.
        noise: float, 0 or more, standard deviation of the noise at the code layer.
        pretraining_epochs: int, 0 or more, for each machine.
        epochs: int, 0 or more, of fine-tuning.
        seed: int, 0 or more, of all draws. The same seed gives the same layer on one machine.
        max_samples: int, 2 or more: training is on a random sample of at most so many rows,
            kept in memory as float32; the time it takes grows with them. Mean and variance see
            all rows.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float32 `(n, bits)` in [-1, 1]; bit =
    (output >= 0). With a threshold of 0.5 it is twice the activity, minus 1.

    Raises:
        TypeError: an argument of another type.
        ValueError: one is out of range.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> layer = SemanticHash(bits=8, hidden=(16,), pretraining_epochs=1, epochs=1)
        >>> layer.adapt(features)
        >>> layer(features).shape.as_list()
        [100, 8]

    Source: the paper above.
    """

    def __init__(
        self,
        bits: int,
        hidden: Sequence[int] = (512, 256),
        threshold: float | str = 0.5,
        noise: float = 4.0,
        pretraining_epochs: int = 10,
        epochs: int = 20,
        seed: int = 0,
        max_samples: int = 10_000,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, dtype=dtype, **kwargs)
        self.hidden = [checks.whole("hidden", units, 1, None) for units in hidden]
        if threshold != "median":
            checks.between("threshold", threshold, 1e-6, 1 - 1e-6, 'Pass 0.5, or "median".')
        self.threshold = threshold
        self.noise = checks.between("noise", noise, 0.0, None)
        self.pretraining_epochs = checks.whole("pretraining_epochs", pretraining_epochs, 0, None)
        self.epochs = checks.whole("epochs", epochs, 0, None)
        self.seed = checks.whole("seed", seed, 0, None)
        self.max_samples = checks.whole("max_samples", max_samples, 2, None)

    def start(self, channels):
        sizes = [channels, *self.hidden, self.bits]
        state = {"mean": np.zeros(channels), "gain": np.zeros(channels)}
        for layer, (inputs, units) in enumerate(itertools.pairwise(sizes)):
            state[f"kernel_{layer}"] = np.zeros((inputs, units))
            state[f"bias_{layer}"] = np.zeros(units)
        return state

    def fit(self, channels, batches):
        moments = Moments(channels)
        sample = Sample(self.max_samples, self.seed)
        for batch in batches:
            moments.update(batch)
            sample.update(batch)
        check_spread("SemanticHash", moments)
        deviation = np.sqrt(moments.variance)
        varies = deviation > _FLAT * deviation.max()
        gain = np.where(varies, 1 / np.where(varies, deviation, 1), 0)
        rows = ((sample.rows() - moments.mean) * gain).astype(np.float32)
        network = self._trained(rows)
        state = {"mean": moments.mean, "gain": gain}
        for layer in range(network.depth):
            state[f"kernel_{layer}"] = network.kernels[layer]
            state[f"bias_{layer}"] = network.biases[layer]
        # A bit is on where the code layer's sum is at least 0, so the threshold moves its bias.
        state[f"bias_{network.depth - 1}"] -= cut(network.encode(rows), self.threshold)
        return state

    def _trained(self, rows):
        generator = np.random.default_rng(self.seed)
        batch = min(_BATCH, -(-len(rows) // _BATCHES))
        machines, below = [], rows
        for units in [*self.hidden, self.bits]:
            machine = RBM(below.shape[1], units, gaussian=not machines, generator=generator)
            machine.train(below, self.pretraining_epochs, batch, generator)
            machines.append(machine)
            below = machine.up(below)
        network = Autoencoder(machines)
        shape = (len(rows), self.bits)
        noise = np.float32(self.noise) * generator.standard_normal(shape, np.float32)
        network.train(rows, noise, self.epochs, batch, generator)
        return network

    def outputs_of(self, features):
        values = (features - self.mean) * self.gain
        for layer in range(len(self.hidden) + 1):
            kernel, bias = getattr(self, f"kernel_{layer}"), getattr(self, f"bias_{layer}")
            sums = ops.matmul(values, kernel) + bias
            values = ops.sigmoid(sums)
        return ops.tanh(0.5 * sums)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden": list(self.hidden),
            "threshold": self.threshold,
            "noise": self.noise,
            "pretraining_epochs": self.pretraining_epochs,
            "epochs": self.epochs,
            "seed": self.seed,
            "max_samples": self.max_samples,
        }


def cut(sums, threshold):
    """Where to cut what goes into the code layer's sigmoid.

    Args:
        sums: float array `(n, bits)`, of the training items.
        threshold: float in (0, 1), an activity; or `"median"`.

    Returns:
        float, or array `(bits,)`: for the median halfway between the two items in the middle,
        or at the middle one and the one below, so that no item lies on the cut.
    """
    if threshold != "median":
        return np.log(threshold / (1 - threshold))
    middle = max(len(sums) // 2, 1)
    ordered = np.sort(sums, axis=0)
    return 0.5 * (ordered[middle - 1] + ordered[min(middle, len(sums) - 1)])
