"""Batches whose order and augmentation are functions of seed and epoch, so that runs resume."""

import keras
import numpy as np


class TrainingBatches(keras.utils.PyDataset):
    """Shuffled, augmented batches of an image set; pass it to `fit` with `shuffle=False`.

    With `start_epoch` called in front of each epoch, a run that was killed and resumed sees the
    batches that it would have seen.

    Args:
        images: `ImageSet`.
        batch_size: int; the images left over at the end of an epoch are left out of it.
        seed: int.
        flip: bool, mirror each image with chance 1/2.
        shift: int, move each image by up to so many pixels in each direction, edges reflected.
        erase: int, side of a square of each image, at a random place, that becomes gray.
    """

    def __init__(self, images, batch_size, seed=0, flip=True, shift=0, erase=0):
        super().__init__()
        self.images = images
        self.labels = images.labels  # all of them, for methods that ask
        self.batch_size = min(batch_size, len(images))
        self.seed = seed
        self.flip = flip
        self.shift = shift
        self.erase = erase
        self.start_epoch(0)

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, index):
        places = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        chosen = self.images.subset(places)
        if chosen.images is None:
            batch = next(iter(chosen.dataset(self.batch_size)))
            pixels = (batch if chosen.labels is None else batch[0]).numpy()
        else:
            pixels = chosen.images
        rng = np.random.default_rng((self.seed, self.epoch, index, 1))
        pixels = augment(pixels, rng, self.flip, self.shift, self.erase)
        return (pixels,) if chosen.labels is None else (pixels, chosen.labels)

    def start_epoch(self, epoch):
        """Take the order of an epoch, counted from 0."""
        self.epoch = epoch
        rng = np.random.default_rng((self.seed, epoch))
        self._order = rng.permutation(len(self.images))


def augment(images, rng, flip, shift, erase=0):
    """Mirror, move and partly erase images, each by its own draw.

    Args:
        images: array `(n, h, w, channels)`.
        rng: `numpy.random.Generator`.
        flip: bool, mirror each with chance 1/2.
        shift: int, largest move in pixels; what comes in at an edge is the image reflected.
        erase: int, side in pixels of the square that becomes gray (128); its centre may lie
            anywhere, so part of it may fall outside.

    Returns:
        Array of the same shape and dtype.

    Source: the erased square is from DeVries and Taylor, "Improved Regularization of
    Convolutional Neural Networks with Cutout", arXiv 1708.04552.
    """
    mirrored = rng.random(len(images)) < 0.5 if flip else np.zeros(len(images), bool)
    moves = rng.integers(0, 2 * shift + 1, size=(len(images), 2))
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="reflect")
    height, width = images.shape[1:3]
    result = np.empty_like(images)
    for number, (top, left) in enumerate(moves):
        crop = padded[number, top : top + height, left : left + width]
        result[number] = crop[:, ::-1] if mirrored[number] else crop
    if erase:
        centres = rng.integers(0, (height, width), size=(len(images), 2))
        for number, (row, column) in enumerate(centres - erase // 2):
            top, left = max(row, 0), max(column, 0)
            result[number, top : row + erase, left : column + erase] = 128
    return result
