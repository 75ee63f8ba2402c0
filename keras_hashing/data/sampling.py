"""The images that come with the package, for demonstrations and quick trials."""

import numpy as np

from keras_hashing import resources
from keras_hashing.data import multi_fashion
from keras_hashing.data.image_set import ImageSet

FILE = "fashion_mnist_2000.npz"


def sample() -> ImageSet:
    """2,000 real images of Fashion-MNIST, 200 of each of the 10 classes.

    They are of its test split and outside the training images of `fashion-s1` (seed 0), so no
    model trained by `fashion-s1` or `fashion-orig` has been fitted on them.

    Returns:
        `ImageSet`: uint8 `(2000, 28, 28, 1)`, int64 labels, `class_names`, ids as of
            `load("fashion")`.

    Raises:
        FileNotFoundError: the zoo's files are missing; says where it looked.

    Example:
        >>> images = sample()
        >>> images.images.shape, images.class_names[images.labels[0]]
        ((2000, 28, 28, 1), 'Coat')

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
    Learning Algorithms", arXiv 1708.07747; (c) 2017 Zalando SE, MIT licence, whose text lies
    beside the file. Made by `python -m tools.build_sample`.
    """
    with np.load(resources.zoo_path("samples", FILE), allow_pickle=False) as stored:
        positions = stored["positions"]
        return ImageSet(
            images=stored["images"],
            labels=stored["labels"].astype(np.int64),
            ids=[f"test_{position:05d}" for position in positions],
            class_names=multi_fashion.CLASS_NAMES,
        )
