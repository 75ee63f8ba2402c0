"""Local response normalization across channels, as Caffe computes it."""

import keras
from keras import ops

from keras_hashing import checks


@keras.saving.register_keras_serializable(
    package="keras_hashing", name="LocalResponseNormalization"
)
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by a power of the mean square of its neighbouring channels.

    `outputs[c] = inputs[c] / (1 + alpha / size * sum(inputs[c'] ** 2)) ** beta`, the sum over the
    `size` channels around c; channels beyond the ends count as 0. AlexNet needs it; newer
    networks do without.

    Note that `tf.nn.local_response_normalization` does not divide `alpha` by the size. The sum
    is taken in float32 whatever the layer's dtype, because squares overflow in float16.

    Args:
        size: odd int, channels in the window, the value's own included.
        alpha: float, weight of the mean square.
        beta: float, the power.

    Input and output: float `(..., channels)`.

    Raises:
        ValueError: `size` is even or below 1.

    Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks",
    NIPS 2012; alpha over size, a constant of 1 and the defaults are Caffe's.
    """

    def __init__(self, size=5, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        self.size = checks.whole("size", size, 1, None, "Use 5, as AlexNet does.")
        if size % 2 == 0:
            raise ValueError(
                f"`size` must be odd, so that the window has a middle; got {size}. Use {size + 1}."
            )
        self.alpha = alpha
        self.beta = beta

    def call(self, inputs):
        channels = inputs.shape[-1]
        squares = ops.square(ops.cast(inputs, "float32"))
        reach = self.size // 2
        padded = ops.pad(squares, [(0, 0)] * (len(inputs.shape) - 1) + [(reach, reach)])
        total = sum(padded[..., shift : shift + channels] for shift in range(self.size))
        scale = (1.0 + self.alpha / self.size * total) ** -self.beta
        return inputs * ops.cast(scale, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
        }
