"""Parts of a model whose size is known only when training starts."""

import keras
from keras import ops

from keras_hashing import checks
from keras_hashing.losses.centres import enough_bits, nested_order


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


class CentreTable(Table):
    """Table `(classes, bits)` of -1 and +1.

    Args:
        bits: int, the code length.
        make: function of `(classes, bits, seed)` to an int8 array `(classes, bits)`.
        seed: int, at least 0.
        name: str.

    Raises:
        TypeError, ValueError: `seed` is not a whole number, or negative.
    """

    def __init__(self, bits, make, seed, name="centres"):
        super().__init__(name=name)
        self.bits = bits
        self.make = make
        self.seed = checks.whole("seed", seed, 0, None)

    def fill(self, classes):
        """Make the codes of so many classes, if they are not there yet; the number as an int."""
        classes = checks.whole("classes", classes, 2, None, "Pass the number of classes.")
        if not self.built:
            codes = self.make(classes, self.bits, self.seed)
            self.start(classes, self.bits)
            self.rows.assign(codes)
        return classes

    def matrix(self):
        """float32 tensor `(classes, bits)`; ValueError while the classes are not known."""
        if not self.built:
            raise ValueError(
                "the classes are not known yet, so they have no centres. Call `fit`, or make the "
                "model with `classes=`."
            )
        return ops.convert_to_tensor(self.rows)

    def numpy(self):
        """int8 array `(classes, bits)`; ValueError while the classes are not known."""
        return ops.convert_to_numpy(self.matrix()).astype("int8")

    def votes(self, labels):
        """Sum of the codes of each item's classes, and how many classes that are.

        Args:
            labels: tensor `(batch,)` or `(batch, 1)` of class ids, or multi-hot
                `(batch, classes)`.

        Returns:
            Float tensors `(batch, bits)` and `(batch,)`; both 0 for an item without classes, or
            with an id that is none.
        """
        rows, labels = self.matrix(), ops.convert_to_tensor(labels)
        if len(labels.shape) == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if len(labels.shape) == 2:
            labels = ops.cast(labels, "float32")
            return ops.matmul(labels, rows), ops.sum(labels, axis=-1)
        labels = ops.cast(labels, "int32")
        known = ops.logical_and(labels >= 0, labels < rows.shape[0])
        counts = ops.cast(known, "float32")
        codes = ops.take(rows, ops.where(known, labels, 0), axis=0)
        return counts[:, None] * codes, counts

    def share(self, longest):
        """Take the first columns of a longer table, in place of codes of its own.

        Returns:
            int, the number of classes.

        Raises:
            ValueError: a shorter table, one without codes yet, or fewer codes than classes.
        """
        codes = longest.numpy()
        if codes.shape[1] < self.bits:
            raise ValueError(
                f"`longest` must have at least {self.bits} bits; got {codes.shape[1]}. Share from "
                "the longer model to the shorter one."
            )
        enough_bits(len(codes), self.bits)
        self.start(len(codes), self.bits)
        self.rows.assign(codes[:, : self.bits])
        return len(codes)

    def order_for_prefixes(self):
        """Reorder the columns so that the first ones tell the classes apart too."""
        codes = self.numpy()
        self.rows.assign(codes[:, nested_order(codes, self.seed)])
