"""Codes watched while a model trains: figures in the logs, a warning when they collapse."""

import warnings

import keras
import numpy as np

from keras_hashing import checks, encoding
from keras_hashing.batches import open_source, parted
from keras_hashing.callbacks import collapse, watched_items
from keras_hashing.methods.tables import CentreTable
from keras_hashing.types import Images, Path


class CodeHealth(keras.callbacks.Callback):
    """Warns at the epoch in which codes collapse, and says what is likely to have done it.

    At the end of each epoch it encodes the items that it watches and logs `distinct_codes`,
    `commonest_code` (share of the items that have the commonest one), `dead_bits` (the same for
    all of them), `duplicate_bits` (others that an earlier bit equals or opposes throughout),
    `bit_balance` (twice the share of the rarer value) and `bit_entropy`, both means over bits, in
    [0, 1], 1 being best. Put it in front of `CSVLogger`, `TensorBoard` and the like.

    It warns when the outputs are no longer finite, nearly all items have one code, there are
    fewer codes than half the classes (without labels: than 1 % of the items), and when bits are
    dead or duplicate beyond what so few classes bring with them; once when a trouble begins, and
    again if it comes back. The cause it names is a guess from the outputs before the sign.

    Args:
        images: the items to watch, some hundreds, as `keras_hashing.encode` takes them; an
            `ImageSet`; or a tuple of images and labels, which tell few codes from few classes.
            None for some of those that `fit` trains a model of this package on: spread over an
            array, or the first ones of a dataset, which is read once for them.
        items: int >= 2, most training items to watch; with fewer than a hundred, bits are dead
            by chance.
        batch_size: int, items a step.
        log_dir: path-like, a folder of its own for TensorBoard: the figures, and a histogram of
            the outputs, under `code_health`. None for none.

    Raises:
        ValueError: `items` or `batch_size` out of range; when training begins, no `images` and
            nothing in their place, such as a generator.

    Example:
        >>> from keras_hashing.methods import DHN
        >>> features = np.random.default_rng(0).normal(size=(100, 8)).astype("float32")
        >>> model = DHN(bits=8, backbone=None)
        >>> model.compile()
        >>> labels = np.arange(100) % 4
        >>> history = model.fit(features, labels, verbose=0, callbacks=[CodeHealth()]).history
        >>> history["dead_bits"]
        [0.0]
    """

    def __init__(
        self,
        images: Images = None,
        items: int = 500,
        batch_size: int = 64,
        log_dir: Path | None = None,
    ) -> None:
        super().__init__()
        self.images = images
        self.items = checks.whole("items", items, 2, None, "A few hundred tell most.")
        self.batch_size = checks.whole("batch_size", batch_size, 1, None)
        self.log_dir = log_dir

    def on_train_begin(self, logs=None):
        batches = []
        if self.images is not None:
            self._watched, labels = parted(self.images)
            labels = open_source(self._watched, labels).labels
        else:
            data = getattr(self.model, "training_data", None)
            self._watched, labels, batches = watched_items.of_training(data, self.items)
        if not getattr(self.model, "supervised", True):
            labels, batches = None, []  # they came along, and say nothing about its codes
        self._known = watched_items.known(labels, batches, _targets(self.model))
        self._present: set[str] = set()
        self._writer = None
        if self.log_dir is not None:
            import tensorflow as tf

            self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch, logs=None):
        health = collapse.Health(self._outputs())
        found = collapse.troubles(health, self._known)
        for kind, text in found.items():
            if kind not in self._present:
                warnings.warn(f"CodeHealth, epoch {epoch + 1}, {kind}: {text}", stacklevel=2)
        self._present = set(found)
        if logs is not None:
            logs.update(health.figures)
        if self._writer is not None:
            _write(self._writer, epoch, health)

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()
        self._watched = None

    def _outputs(self):
        """Outputs of the watched items, float32 `(n, bits)`, finite or not."""
        source = encoding.source_for(self.model, self._watched)
        outputs, _ = encoding.outputs_and_labels(
            self.model, source, self.batch_size, 0, finite=False
        )
        # `Mixed` makes its last bits when `fit` ends.
        return outputs[:, : getattr(self.model, "supervised_bits", None)]


def _write(writer, epoch, health):
    import tensorflow as tf

    with writer.as_default(step=epoch):
        for name, value in health.figures.items():
            tf.summary.scalar(f"code_health/{name}", value)
        if health.finite:
            tf.summary.histogram("code_health/outputs", health.outputs)
    writer.flush()


def _targets(model):
    """The fixed codes of classes that a method pulls items to, or None."""
    centres = getattr(getattr(model, "longest", model), "centres", None)
    centres = centres.numpy() if isinstance(centres, CentreTable) else centres
    return centres if isinstance(centres, np.ndarray) else None
