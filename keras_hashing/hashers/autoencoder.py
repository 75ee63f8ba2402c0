"""A stack of RBMs unrolled into an autoencoder, and its training with noise at the code layer."""

import numpy as np

from keras_hashing.hashers.rbm import sigmoid

LEARNING_RATE = 1e-3


class Autoencoder:
    """Sigmoid layers down to the code layer and up again; the last layer is linear. float32.

    Args:
        machines: list of `RBM`, from features to code. The decoder's kernels begin as theirs
            transposed, and are then trained on their own.

    Attributes:
        kernels: list of arrays `(in, out)`, of all layers, the encoder's first.
        biases: list of arrays `(out,)`.
        depth: int, layers of the encoder.
    """

    def __init__(self, machines):
        back = machines[::-1]
        self.depth = len(machines)
        self.kernels = [m.kernel.copy() for m in machines] + [m.kernel.T.copy() for m in back]
        self.biases = [m.hidden_bias.copy() for m in machines]
        self.biases += [m.visible_bias.copy() for m in back]

    def encode(self, rows):
        """What goes into the code layer's sigmoid, `(n, bits)`."""
        return self._forward(rows, 0, self.depth)[-1]

    def decode(self, codes):
        """Features `(n, channels)` from the code layer's activities in [0, 1]."""
        return self._forward(codes, self.depth, len(self.kernels))[-1]

    def gradients(self, rows, noise):
        """Mean squared error of the reconstruction, and its gradients.

        Args:
            rows: float32 array `(n, channels)`.
            noise: float32 array `(n, bits)`, added to what goes into the code layer's sigmoid.

        Returns:
            float, and lists of arrays like `kernels` and `biases`.
        """
        encoder = self._forward(rows, 0, self.depth)
        encoder[-1] = sigmoid(encoder[-1] + noise)
        decoder = self._forward(encoder[-1], self.depth, len(self.kernels))
        activities = encoder + decoder[1:]
        error = activities[-1] - rows
        back = error * np.float32(2 / error.size)
        kernels, biases = [], []
        for layer in reversed(range(len(self.kernels))):
            kernels.append(activities[layer].T @ back)
            biases.append(back.sum(axis=0))
            if layer:
                below = activities[layer]
                back = (back @ self.kernels[layer].T) * (below * (1 - below))
        return float(np.square(error).mean()), kernels[::-1], biases[::-1]

    def train(self, rows, noise, epochs, batch_size, generator):
        """Steps of Adam; each row keeps its noise throughout.

        Args:
            rows: float32 array `(n, channels)`.
            noise: float32 array `(n, bits)`.
            epochs: int, 0 or more.
            batch_size: int.
            generator: NumPy generator, of the batches.

        Returns:
            List of float, the mean loss of each epoch.
        """
        adam = Adam(self.kernels + self.biases)
        history = []
        for _ in range(epochs):
            order = generator.permutation(len(rows))
            total = 0.0
            for start in range(0, len(rows), batch_size):
                chosen = order[start : start + batch_size]
                loss, kernels, biases = self.gradients(rows[chosen], noise[chosen])
                adam.step(kernels + biases)
                total += loss * len(chosen)
            history.append(total / len(rows))
        return history

    def _forward(self, below, first, stop):
        """`below` and the activities of layers first..stop - 1, the last without its sigmoid."""
        activities = [below]
        for layer in range(first, stop):
            sums = activities[-1] @ self.kernels[layer] + self.biases[layer]
            activities.append(sums if layer == stop - 1 else sigmoid(sums))
        return activities


class Adam:
    """Changes arrays in place by the method of Kingma and Ba, "Adam", ICLR 2015.

    Args:
        parameters: list of float32 arrays.
    """

    def __init__(self, parameters):
        self._parameters = parameters
        self._means = [np.zeros_like(p) for p in parameters]
        self._squares = [np.zeros_like(p) for p in parameters]
        self._count = 0

    def step(self, gradients):
        """One step with the paper's 0.9, 0.999 and 1e-8, at `LEARNING_RATE`."""
        self._count += 1
        shrink = np.sqrt(1 - 0.999**self._count)
        rate = np.float32(LEARNING_RATE * shrink / (1 - 0.9**self._count))
        tiny = np.float32(1e-8 * shrink)
        for parameter, mean, square, gradient in zip(
            self._parameters, self._means, self._squares, gradients, strict=True
        ):
            mean += np.float32(0.1) * (gradient - mean)
            square += np.float32(0.001) * (gradient * gradient - square)
            parameter -= rate * mean / (np.sqrt(square) + tiny)
