"""Parts of a model whose size is known only when training starts."""

import keras
from keras import ops


class ClassHead(keras.layers.Layer):
    """Dense layer to one logit per class, in float32; `start` says how many.

    Args:
        use_bias: bool.
        kernel_initializer: Keras initializer.
        name: str.

    Input: float tensor `(batch, channels)`. Output: float32 `(batch, classes)`.
    """

    def __init__(self, use_bias=True, kernel_initializer="glorot_uniform", name=None):
        super().__init__(name=name, dtype="float32")
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def start(self, channels, classes):
        """Make the weights, if they are not there yet."""
        if self.weights:
            return
        self.kernel = self.add_weight(
            name="kernel", shape=(channels, classes), initializer=self.kernel_initializer
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(classes,), initializer="zeros")
        self.built = True

    def call(self, inputs):
        logits = ops.matmul(inputs, self.kernel)
        return logits if self.bias is None else logits + self.bias


class Table(keras.layers.Layer):
    """Rows of constants that are made when training starts, and saved with the model.

    Args:
        row_dtype: str, dtype of the rows.
        name: str.
    """

    def __init__(self, row_dtype="float32", name=None):
        super().__init__(name=name)
        self.row_dtype = row_dtype

    def start(self, rows, width=None):
        """Make the table, of zeros, if it is not there yet; `width=None` is one value a row."""
        if self.weights:
            return
        self.rows = self.add_weight(
            name="rows",
            shape=(rows,) if width is None else (rows, width),
            dtype=self.row_dtype,
            initializer="zeros",
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )
        self.built = True
