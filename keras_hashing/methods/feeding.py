"""What Keras trains on: every form of data as Keras takes it, checked, labels as class numbers."""

import itertools

import keras
import numpy as np

from keras_hashing import pixels
from keras_hashing.batches import FEATURES, IMAGES, Files, Items, Rows, open_source
from keras_hashing.data.image_set import ImageSet
from keras_hashing.elements import Reader, array, is_text

_BATCH = 32  # as Keras has it


class Feed:
    """Checks images and maps labels on their way to Keras.

    Args:
        numbers: function of labels to class numbers, or None to leave labels as they are.
        features: bool, whether the model takes features.
        image_size: int or None, to which files are resized.
        batch_size: int or None, items a step where the data is not batched.
        shuffle: bool, whether files come in a new order in every epoch.
        aside: bool, whether labels come along without being used.

    Attributes:
        error: the exception with which reading failed, which Keras hides in one of its own.
    """

    def __init__(
        self, numbers, features, image_size, batch_size=None, shuffle=True, *, aside=False
    ):
        self.aside = aside
        self.numbers, self.features, self.image_size = numbers, features, image_size
        self.batch_size = batch_size or _BATCH
        self._shuffle = shuffle
        self._rank = FEATURES if features else IMAGES
        self.error: Exception | None = None
        self._scales: list = []

    def __call__(self, x, y=None):
        """`x` and `y` as `keras.Model.fit` takes them.

        Returns:
            Tuple (x, y); y is None where x brings the labels.
        """
        if hasattr(x, "element_spec"):
            return self._dataset(x), None
        if isinstance(x, keras.utils.PyDataset):
            return _Checked(x, self), None
        if hasattr(x, "__next__"):
            return self._generator(x), None
        source = open_source(x, y, rank=self._rank, image_size=self.image_size)
        labels = source.labels
        if labels is not None:
            labels = self.numbered(labels)
        if isinstance(source, Rows):
            if self._rank == FEATURES:
                self._reader().check_values(array(source.rows), None)
            return source.rows, labels
        if isinstance(source, Items):
            return next(source.batches(source.count)).inputs, labels
        if isinstance(source, Files):
            files = ImageSet(paths=source.paths, labels=labels, image_size=source.image_size)
            return files.dataset(self.batch_size, shuffle=self._shuffle), None
        return self._generated(source), None

    def end(self):
        """Judge what an epoch has shown: the scale of all pixels; ValueError if it is another."""
        for scale in self._scales:
            scale.end()

    def _scale(self):
        self._scales.append(pixels.Scale(self._reader().name))
        return self._scales[-1]

    def judge(self, inputs, scale):
        """Raise if a batch holds no images or features that a model takes."""
        try:
            reader = self._reader()
            reader.check_shape(inputs)
            reader.check_values(inputs, scale)
        except Exception as error:
            self.error = error
            raise

    def checked(self, inputs, labels, scale):
        """A batch's labels as class numbers, after its images or features were judged."""
        self.judge(inputs, scale)
        return self.numbered(labels)

    def numbered(self, labels):
        """A batch's labels as class numbers."""
        try:
            if self.numbers is None:
                return self._without_names(labels)
            if labels is None:
                raise ValueError(
                    "this method trains with labels; got batches without. Pass (images, labels)."
                )
            return self.numbers(labels)
        except Exception as error:
            self.error = error
            raise

    def _without_names(self, labels):
        """Labels that nothing is learned from; class names, which are no tensors, as zeros."""
        if labels is None or not self.aside or not is_text(array(labels)):
            return labels
        return np.zeros(len(labels), np.int64)

    def _reader(self):
        name = "features" if self._rank == FEATURES else "images"
        return Reader(self._rank, self.image_size, name)

    def _dataset(self, dataset):
        """A `tf.data.Dataset` of batches; another is read and made one."""
        import tensorflow as tf

        spec = dataset.element_spec
        parts = spec if isinstance(spec, tuple) else (spec,)
        plain = all(isinstance(part, tf.TensorSpec) for part in parts)
        if not plain or parts[0].shape.rank != self._rank or parts[0].dtype.name == "string":
            return self._generated(
                open_source(dataset, rank=self._rank, image_size=self.image_size)
            )
        self._reader().check_shape(parts[0])
        scale = self._scale()
        return dataset.map(lambda *element: self._mapped(element, scale))

    def _mapped(self, element, scale):
        """One element of a `tf.data.Dataset`, its parts judged on the host."""
        import tensorflow as tf

        inputs, *rest = element
        judged = self._judged(inputs, scale)

        def number(values):
            return np.asarray(self.numbered(values), np.int64)

        if not rest:
            self.numbered(None)
            return judged
        if self.numbers is not None or (self.aside and is_text(rest[0])):
            shape = rest[0].shape
            single = shape.rank == 1 or (shape.rank == 2 and shape[1] == 1)
            found = tf.numpy_function(number, [rest[0]], tf.int64)
            rest[0] = tf.ensure_shape(found, shape[:1] if single else shape)
        return (judged, *rest)

    def _judged(self, inputs, scale):
        """A batch of a `tf.data.Dataset`; reading it fails if no model takes it."""
        import tensorflow as tf

        whole = inputs.dtype.is_integer

        def judge(shape, smallest, largest):
            try:
                if not self.features:
                    if shape[-1] not in (1, 3):
                        pixels.check_shape(np.broadcast_to(0, shape))
                    scale.judge(int(shape[0]), float(smallest), float(largest), whole)
            except Exception as error:
                self.error = error
                raise
            return np.int64(0)

        def refuse(values):
            self.judge(values, scale)
            return np.int64(0)

        # NaN and infinity stay in a sum. It may be infinite without them, so then all are seen.
        checks = []
        if not whole:
            total = tf.reduce_sum(tf.cast(inputs, "float32"))
            checks.append(
                tf.cond(
                    tf.math.is_finite(total),
                    lambda: np.int64(0),
                    lambda: tf.numpy_function(refuse, [inputs], tf.int64),
                )
            )
        if not self.features:
            extremes = [tf.cast(f(inputs), "float32") for f in (tf.reduce_min, tf.reduce_max)]
            with tf.control_dependencies(checks):
                checks = [tf.numpy_function(judge, [tf.shape(inputs), *extremes], tf.int64)]
        with tf.control_dependencies(checks):
            return tf.identity(inputs)

    def _generator(self, elements):
        """A generator's elements as batches, each as it comes."""
        reader, scale = self._reader(), self._scale()
        first = next(elements, None)
        if first is None:
            raise ValueError("the training data is empty: the generator gave nothing.")
        reader.learn(first)
        whole = itertools.chain([first], elements)
        if not reader.batched:
            grouped = reader.batches(whole, self.batch_size)
            return ((inputs, self.checked(inputs, labels, scale)) for inputs, labels, _ in grouped)
        return (self._of_element(reader, element, scale) for element in whole)

    def _of_element(self, reader, element, scale):
        inputs, labels, _ = reader.parts(element)
        inputs = reader.batch(inputs)
        labels = None if labels is None else array(labels)
        rest = element[2:] if isinstance(element, (tuple, list)) else ()
        found = self.checked(inputs, labels, scale)
        return (inputs,) if labels is None else (inputs, found, *rest)

    def _generated(self, source):
        """A `tf.data.Dataset` of what `source` reads."""
        import tensorflow as tf

        first = next(iter(source.batches(self.batch_size)), None)
        if first is None:
            raise ValueError("the training data is empty.")
        scale = self._scale()

        def batches():
            for inputs, labels, _ in source.batches(self.batch_size):
                found = self.checked(inputs, labels, scale)
                yield (inputs,) if labels is None else (inputs, found)

        parts = [first.inputs]
        if first.labels is not None:
            parts.append(np.asarray(self.checked(first.inputs, first.labels, scale)))
        signature = tuple(
            tf.TensorSpec((None,) * (part.ndim - 1) + part.shape[-1:], part.dtype)
            if part.ndim > 1
            else tf.TensorSpec((None,), part.dtype)
            for part in parts
        )
        return tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(1)


class _Checked(keras.utils.PyDataset):
    """Another PyDataset's batches, checked, with labels as class numbers."""

    def __init__(self, dataset, feed):
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset, self.feed = dataset, feed
        self.scale = feed._scale()

    @property
    def num_batches(self):
        return self.dataset.num_batches

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, number):
        return self.feed._of_element(self.feed._reader(), self.dataset[number], self.scale)

    def on_epoch_begin(self):
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        self.dataset.on_epoch_end()
