"""Restricted Boltzmann machine, trained by one step of contrastive divergence.

Hinton, "Training Products of Experts by Minimizing Contrastive Divergence", Neural Computation
2002.
"""

import numpy as np

MOMENTUM = 0.9
WEIGHT_DECAY = 2e-4
LEARNING_RATES = {False: 0.1, True: 0.001}  # of binary and of Gaussian visible units


class RBM:
    """Binary hidden units over binary, or Gaussian with variance 1, visible units; in float32.

    Args:
        visible: int, number of visible units.
        hidden: int, number of hidden units.
        gaussian: bool, whether visible units are Gaussian.
        generator: NumPy generator, of the first kernel: normal, standard deviation 0.01.

    Attributes:
        kernel: array `(visible, hidden)`.
        visible_bias: array `(visible,)`, of zeros at first.
        hidden_bias: array `(hidden,)`, of zeros at first.
    """

    def __init__(self, visible, hidden, gaussian, generator):
        self.gaussian = gaussian
        self.kernel = 0.01 * generator.standard_normal((visible, hidden), np.float32)
        self.visible_bias = np.zeros(visible, np.float32)
        self.hidden_bias = np.zeros(hidden, np.float32)

    def up(self, visible):
        """Probabilities `(n, hidden)` that hidden units are 1, given visible ones."""
        return sigmoid(visible @ self.kernel + self.hidden_bias)

    def down(self, hidden):
        """Expectations `(n, visible)` of visible units, given hidden ones."""
        mean = hidden @ self.kernel.T + self.visible_bias
        return mean if self.gaussian else sigmoid(mean)

    def free_energy(self, visible):
        """-log of the unnormalised probability of visible units, `(n,)`."""
        softplus = np.logaddexp(0, visible @ self.kernel + self.hidden_bias).sum(axis=1)
        if self.gaussian:
            return 0.5 * np.square(visible - self.visible_bias).sum(axis=1) - softplus
        return -visible @ self.visible_bias - softplus

    def contrast(self, visible, generator):
        """Contrastive divergence with one step: what to add to kernel and biases.

        Hidden units are drawn once; where they only give statistics, probabilities stand in.

        Args:
            visible: float32 array `(n, visible)`.
            generator: NumPy generator.

        Returns:
            Arrays like kernel, visible bias and hidden bias: means over the rows.
        """
        hidden = self.up(visible)
        drawn = (generator.random(hidden.shape, np.float32) < hidden).astype(np.float32)
        again = self.down(drawn)
        hidden_again = self.up(again)
        rows = np.float32(len(visible))
        return (
            (visible.T @ hidden - again.T @ hidden_again) / rows,
            (visible - again).mean(axis=0),
            (hidden - hidden_again).mean(axis=0),
        )

    def train(self, rows, epochs, batch_size, generator):
        """Gradient steps with momentum, and weight decay on the kernel.

        Args:
            rows: float32 array `(n, visible)`: in [0, 1], or standardised if Gaussian.
            epochs: int, 0 or more.
            batch_size: int.
            generator: NumPy generator, of batches and hidden units.
        """
        rate = np.float32(LEARNING_RATES[self.gaussian])
        parameters = (self.kernel, self.visible_bias, self.hidden_bias)
        decays = (np.float32(WEIGHT_DECAY), np.float32(0), np.float32(0))
        steps = [np.zeros_like(parameter) for parameter in parameters]
        for _ in range(epochs):
            order = generator.permutation(len(rows))
            for start in range(0, len(rows), batch_size):
                batch = rows[order[start : start + batch_size]]
                changes = self.contrast(batch, generator)
                for parameter, step, change, decay in zip(
                    parameters, steps, changes, decays, strict=True
                ):
                    step *= np.float32(MOMENTUM)
                    step += rate * (change - decay * parameter)
                    parameter += step


def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * np.tanh(0.5 * x) + 0.5
