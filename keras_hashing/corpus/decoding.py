"""Images of a source, read and decoded in parallel ahead of the model."""

import dataclasses

import numpy as np

from keras_hashing.data import images as image_files


def decoded(parts, size, batch_size):
    """Batches of images, never across two parts; decoding runs ahead into the next part.

    Args:
        parts: list of sources with `read` and a length.
        size: int, pixels; images are resized to a square of it as models do it.
        batch_size: int, images a batch at most.

    Yields:
        (part, images, items): place in `parts`, int; float32 `(n, size, size, 3)`, values 0 to
        255, black where there is no image; and an `Item` for each, with a problem in that case,
        whose content is None only if it could not be read.

    Raises:
        OSError, ValueError: what `read` raises.
    """
    read = {}  # (part, place) -> Item or Exception

    def load(part, place):
        key = int(part), int(place)
        try:
            read[key], image = _load(parts[key[0]], key[1])
        except Exception as error:
            read[key], image = error, None
        return np.zeros((size, size, 3), np.uint8) if image is None else image

    start = {}  # part -> items of it that came before
    for part, batch in _dataset(load, [len(part) for part in parts], size, batch_size):
        part, batch = int(part), batch.numpy()
        first = start.get(part, 0)
        items = [read.pop((part, first + place)) for place in range(len(batch))]
        start[part] = first + len(batch)
        for item in items:
            if isinstance(item, Exception):
                raise item
        yield part, batch, items


def _load(source, place):
    item = source.read(place)
    if item.problem is not None:
        return item, None
    try:
        image = image_files.read_image(item.content)
    except ValueError as error:
        problem = str(error).removeprefix("The image ")
        return dataclasses.replace(item, content=b"", problem=problem), None
    return dataclasses.replace(item, content=b""), image


def _dataset(load, lengths, size, batch_size):
    """`tf.data.Dataset` of (part, batch); `load` puts what is no image aside."""
    import tensorflow as tf

    def image(part, place):
        pixels = tf.numpy_function(load, [part, place], tf.uint8, stateful=True)
        pixels.set_shape((None, None, 3))
        # The resize leaves pixels of the right size as they are, but takes its time.
        fits = tf.reduce_all(tf.shape(pixels)[:2] == size)
        return tf.ensure_shape(
            tf.cond(
                fits,
                lambda: tf.cast(pixels, tf.float32),
                lambda: image_files.resize_tensor(pixels, size),
            ),
            (size, size, 3),
        )

    def batches(part):
        places = tf.data.Dataset.range(tf.gather(lengths, part))
        loaded = places.map(lambda place: image(part, place), num_parallel_calls=tf.data.AUTOTUNE)
        return loaded.batch(batch_size).map(lambda batch: (part, batch))

    with tf.device("CPU"):
        lengths = tf.constant(lengths, tf.int64)
        return tf.data.Dataset.range(len(lengths)).flat_map(batches).prefetch(2)
