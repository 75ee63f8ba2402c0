"""Outputs as points in TensorBoard's embedding projector, with labels and small images."""

import pathlib

import numpy as np
from PIL import Image

from keras_hashing import files

CHECKPOINT, METADATA, SPRITE = "outputs.ckpt", "metadata.tsv", "sprite.png"
_TENSOR = "outputs/.ATTRIBUTES/VARIABLE_VALUE"  # as TensorFlow names it in the checkpoint


def write(folder, outputs, labels, images=None):
    """Write a checkpoint, its labels and its sprite, and the projector's configuration.

    Args:
        folder: str or path-like, of a TensorBoard run; the projector shows it once it has an
            event file.
        outputs: float32 `(n, bits)`.
        labels: int `(n,)` or multi-hot `(n, classes)`, bool or 0 and 1.
        images: uint8 `(n, size, size, 3)`, small; None for points without images.
    """
    import tensorflow as tf
    from tensorboard.plugins import projector

    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = tf.train.Checkpoint(outputs=tf.Variable(np.asarray(outputs, np.float32)))
    checkpoint.save(str(folder / CHECKPOINT))  # found by the folder's `checkpoint`, so it can move
    with files.atomic_path(folder / METADATA) as temporary:
        temporary.write_text(
            "".join(f"{label_text(label)}\n" for label in labels), encoding="utf-8"
        )
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = _TENSOR
    embedding.metadata_path = METADATA
    if images is not None:
        with files.atomic_path(folder / SPRITE) as temporary:
            Image.fromarray(sprite(images)).save(temporary, "PNG")
        embedding.sprite.image_path = SPRITE
        embedding.sprite.single_image_dim.extend([images.shape[2], images.shape[1]])
    projector.visualize_embeddings(str(folder), config)


def sprite(images):
    """Small images in a square, row by row, as the projector reads them.

    Args:
        images: uint8 `(n, height, width, 3)`, n at least 1.

    Returns:
        uint8 `(side * height, side * width, 3)`, side being the root of n, rounded up; white
        where no image is left.
    """
    count, height, width, channels = images.shape
    side = int(np.ceil(np.sqrt(count)))
    filled = np.full((side * side, height, width, channels), 255, np.uint8)
    filled[:count] = images
    rows = filled.reshape(side, side, height, width, channels).swapaxes(1, 2)
    return rows.reshape(side * height, side * width, channels)


def label_text(label):
    """A class's number, or those of a multi-hot row with `+` between them."""
    if np.ndim(label) == 0:
        return str(int(label))
    return "+".join(str(number) for number in np.flatnonzero(label)) or "none"
