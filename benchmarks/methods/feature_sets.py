"""Cached features of each protocol's sets, standardised on its training images."""

import dataclasses
import functools
import pathlib

import numpy as np

from keras_hashing import data
from keras_hashing.data import protocols
from keras_hashing.training.frozen_features import FrozenFeatures

BACKBONE = "efficientnet_lite0"
IMAGE_SIZE = {"cifar10": 224, "multifashion": 128}


@dataclasses.dataclass(frozen=True)
class Part:
    """Features, float32 `(n, channels)`, and labels of one set."""

    features: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def only(self, rows):
        return Part(self.features[rows], self.labels[rows])


@dataclasses.dataclass(frozen=True)
class Sets:
    """What a run is trained on, chosen by and measured with."""

    train: Part  # without the validation images
    validation: Part
    training: Part  # with them
    query: Part
    database: Part


def compute(cache, data_dir):
    """Have the features of both data sets in the cache; resumes after a kill."""
    for parts in (_cifar(cache, data_dir), _multifashion(cache, data_dir)):
        del parts


@functools.lru_cache(maxsize=2)
def load(protocol, cache, data_dir):
    """The sets of a protocol.

    Args:
        protocol: "cifar10-s1", "cifar10-orig", "cifar10-unseen" or "multifashion".
        cache: folder of `FrozenFeatures`.
        data_dir: folder of TFDS, or None for its usual one.

    Returns:
        `Sets`, standardised by mean and spread of the training images.
    """
    if protocol == "multifashion":
        sets = _multifashion(cache, data_dir)
    else:
        everything, train_size = _cifar(cache, data_dir)
        labels = everything.labels
        split = protocols.split(protocol, labels[:train_size], labels[train_size:])
        sets = Sets(
            train=everything.only(np.setdiff1d(split.training, split.validation)),
            validation=everything.only(split.validation),
            training=everything.only(split.training),
            query=everything.only(split.query),
            database=everything.only(split.database),
        )
    return _standardised(sets)


def _cifar(cache, data_dir):
    """All 60,000 images in the order of global indices, and the size of the train split."""
    loaded = data.load("cifar10", "cifar10-orig", data_dir, validation=False)
    stored = FrozenFeatures(pathlib.Path(cache), BACKBONE, IMAGE_SIZE["cifar10"])
    parts = [Part(stored.of(images), images.labels) for images in (loaded.database, loaded.query)]
    return _joined(*parts), len(parts[0])


def _multifashion(cache, data_dir):
    loaded = data.load("multifashion", data_dir=data_dir)
    stored = FrozenFeatures(pathlib.Path(cache), BACKBONE, IMAGE_SIZE["multifashion"])
    train, validation, query, database = (
        Part(stored.of(images), images.labels)
        for images in (loaded.train, loaded.validation, loaded.query, loaded.database)
    )
    return Sets(train, validation, _joined(train, validation), query, database)


def _joined(*parts):
    return Part(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _standardised(sets):
    mean = sets.training.features.mean(axis=0)
    spread = sets.training.features.std(axis=0) + 1e-6
    parts = {
        field.name: Part((part.features - mean) / spread, part.labels)
        for field in dataclasses.fields(sets)
        for part in [getattr(sets, field.name)]
    }
    return Sets(**parts)
