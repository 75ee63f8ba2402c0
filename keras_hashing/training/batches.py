"""Batches whose order and augmentation are functions of seed and epoch, so that runs resume."""

import keras
import numpy as np


class TrainingBatches(keras.utils.PyDataset):
    """Shuffled, augmented batches of an image set; pass it to `fit` with `shuffle=False`.

    With `start_epoch` called in front of each epoch, a run that was killed and resumed sees the
    batches that it would have seen.

    Args:
        images: `ImageSet` with labels.
        batch_size: int; the images left over at the end of an epoch are left out of it.
        seed: int.
        flip: bool, mirror each image with chance 1/2.
        shift: int, move each image by up to so many pixels in each direction, edges reflected.
    """

    def __init__(self, images, batch_size, seed=0, flip=True, shift=0):
        super().__init__()
        self.images = images
        self.batch_size = min(batch_size, len(images))
        self.seed = seed
        self.flip = flip
        self.shift = shift
        self.start_epoch(0)

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, index):
        places = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        chosen = self.images.subset(places)
        if chosen.images is None:
            pixels = next(iter(chosen.dataset(self.batch_size)))[0].numpy()
        else:
            pixels = chosen.images
        rng = np.random.default_rng((self.seed, self.epoch, index, 1))
        return augment(pixels, rng, self.flip, self.shift), chosen.labels

    def start_epoch(self, epoch):
        """Take the order of an epoch, counted from 0."""
        self.epoch = epoch
        rng = np.random.default_rng((self.seed, epoch))
        self._order = rng.permutation(len(self.images))


def augment(images, rng, flip, shift):
    """Mirror and move images, each by its own draw.

    Args:
        images: array `(n, h, w, channels)`.
        rng: `numpy.random.Generator`.
        flip: bool, mirror each with chance 1/2.
        shift: int, largest move in pixels; what comes in at an edge is the image reflected.

    Returns:
        Array of the same shape and dtype.
    """
    mirrored = rng.random(len(images)) < 0.5 if flip else np.zeros(len(images), bool)
    moves = rng.integers(0, 2 * shift + 1, size=(len(images), 2))
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="reflect")
    height, width = images.shape[1:3]
    result = np.empty_like(images)
    for number, (top, left) in enumerate(moves):
        crop = padded[number, top : top + height, left : left + width]
        result[number] = crop[:, ::-1] if mirrored[number] else crop
    return result
