"""Multi-label canvases of one to four Fashion-MNIST items, made here and kept by TFDS.

A canvas is 64 x 64 gray pixels, black where nothing lies. Its number of items is uniform from 1
to 4. Each item's class is drawn on its own by Zipf's law with exponent 1: class c, counted from
0, has a chance in proportion to 1 / (c + 1), so that T-shirts are the most frequent and ankle
boots the rarest, as a few concepts dominate photo collections. The item is any image of the
class in the pool, one that another canvas has included. Items lie in different quadrants of
32 x 32 pixels, each moved by 0 to 4 pixels in both directions, so they never overlap or leave
the canvas. The label is the set of classes on it, multi-hot. A query shares a class with .589 of
the database, which is the mAP of random codes.

No image of Fashion-MNIST is in two of the sets: queries are made of its test split, training
canvases of every fifth image of its train split, and the database of the other four fifths.
"""

import functools
import hashlib

import numpy as np

from keras_hashing.data import tfds_files
from keras_hashing.data.image_set import ImageSet

SOURCE = "fashion_mnist:3.*.*"
SIZES = {"query": 1000, "training": 5000, "database": 20000}  # in the order of the draw
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
MOST_ITEMS = 4
SIDE, QUADRANT, ITEM = 64, 32, 28  # pixels
TRAINING_SHARE = 5  # one image of so many in the train split is for training canvases

# SHA-256 of the labels of seed 0, as `digest` takes it. numpy does not promise that
# `Generator.random` stays the same for ever; a source cut short shows here as well.
DIGESTS = {
    "query": "f4706969d9d01634bc26424d53e07ab29f9e4535c0e8df3120ccca4801aafeef",
    "training": "bcc8077006bfcc0d9d2366fb60b4e3e356d6045db07f9f2b2eb7244c1f1be706",
    "database": "037453240574420d1d8b4d577f9e6ab030459b6d190aac1ee1c836a310f52216",
}


def make(train, test, seed=0):
    """Compose the canvases of all three sets.

    Args:
        train, test: `ImageSet`s of Fashion-MNIST's splits, `(n, 28, 28, 1)`, labels 0 to 9.
        seed: int, at least 0.

    Returns:
        Dict "query", "training", "database" to an `ImageSet`: uint8 `(n, 64, 64, 1)`, labels
        uint8 `(n, 10)`, ids "query_00000" and so on.

    Raises:
        ValueError: images of another size, or a class without an image.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    positions = np.arange(len(train))
    pools = {
        "query": test,
        "training": train.subset(positions[positions % TRAINING_SHARE == 0]),
        "database": train.subset(positions[positions % TRAINING_SHARE != 0]),
    }
    return {name: _compose(name, pools[name], count, generator) for name, count in SIZES.items()}


def _compose(name, pool, count, generator):
    """`count` canvases of images of a pool; only `Generator.random` is drawn from."""
    members = _members(name, pool)
    items = 1 + (MOST_ITEMS * generator.random(count)).astype(int)
    classes = draw_classes(generator.random((count, MOST_ITEMS)))
    choices = generator.random((count, MOST_ITEMS))
    quadrants = np.argsort(generator.random((count, MOST_ITEMS)), axis=1)
    moves = ((QUADRANT - ITEM + 1) * generator.random((count, MOST_ITEMS, 2))).astype(int)
    images = np.zeros((count, SIDE, SIDE, 1), np.uint8)
    labels = np.zeros((count, len(CLASS_NAMES)), np.uint8)
    for canvas in range(count):
        for item in range(items[canvas]):
            label = classes[canvas, item]
            chosen = members[label][int(choices[canvas, item] * len(members[label]))]
            corner = QUADRANT * np.array(divmod(quadrants[canvas, item], 2))
            top, left = corner + moves[canvas, item]
            images[canvas, top : top + ITEM, left : left + ITEM] = pool.images[chosen]
            labels[canvas, label] = 1
    return ImageSet(images, labels, [f"{name}_{i:05d}" for i in range(count)])


def draw_classes(uniform):
    """Classes 0 to 9 with chances in proportion to 1, 1/2, ... 1/10, from uniform draws.

    Args:
        uniform: float array in [0, 1).

    Returns:
        int array of the same shape.
    """
    chances = 1.0 / np.arange(1, len(CLASS_NAMES) + 1)
    ends = np.cumsum(chances / chances.sum())[:-1]  # the last class has the rest
    return np.searchsorted(ends, uniform, side="right")


def digest(labels):
    """Hex SHA-256 of multi-hot labels, uint8 `(n, 10)`, row by row."""
    return hashlib.sha256(np.ascontiguousarray(labels, np.uint8).tobytes()).hexdigest()


def check_draw(parts):
    """Raise RuntimeError unless the sets have the published labels of seed 0.

    Args:
        parts: dict "query", "training", "database" to an `ImageSet`.
    """
    for name, published in DIGESTS.items():
        found = digest(parts[name].labels)
        if found != published:
            raise RuntimeError(
                f"The {name} labels of multifashion have SHA-256 {found}, not the published "
                f"{published}. Either {SOURCE} or the set made of it is damaged (delete the "
                "folders fashion_mnist and multi_fashion of `data_dir`), or numpy "
                f"{np.__version__} draws other numbers; figures would not be comparable."
            )


def read(data_dir=None):
    """The three sets, made at the first call and then kept in `data_dir` as TFDS keeps its own.

    Args:
        data_dir: folder of TFDS, where Fashion-MNIST is found or downloaded to; None is the
            usual one.

    Returns:
        Dict as of `make`.

    Raises:
        FileNotFoundError: no folder `data_dir`.
        RuntimeError: TFDS could not provide Fashion-MNIST, or the labels of the canvases are not
            the published ones.
    """
    tfds_files.check_folder(data_dir)
    builder = builder_class()(data_dir=data_dir)
    builder.download_and_prepare()
    parts = {name: tfds_files.read_split(builder, name) for name in SIZES}
    check_draw(parts)
    return parts


@functools.cache
def builder_class():
    """The TFDS builder `multi_fashion`, a class; made when asked for, as TFDS is slow to import.

    Its examples have `id` (str), `image` (uint8 `(64, 64, 1)`) and `label` (uint8 `(10,)`).
    After this call `tfds.load("multi_fashion")` knows it too.
    """
    import tensorflow_datasets as tfds

    class MultiFashion(tfds.core.GeneratorBasedBuilder):
        """Canvases of one to four Fashion-MNIST items."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {
                "id": tfds.features.Text(),
                "image": tfds.features.Image(shape=(SIDE, SIDE, 1)),
                "label": tfds.features.Tensor(shape=(len(CLASS_NAMES),), dtype=np.uint8),
            }
            return tfds.core.DatasetInfo(
                builder=self, description=__doc__, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, dl_manager):
            train, test, _ = tfds_files.read(SOURCE, self.data_dir_root)
            parts = make(train, test)
            check_draw(parts)
            return {name: self._generate_examples(part) for name, part in parts.items()}

        def _generate_examples(self, part):
            for name, image, label in zip(part.ids, part.images, part.labels, strict=True):
                yield str(name), {"id": str(name), "image": image, "label": label}

    return MultiFashion


def _members(name, pool):
    """Positions of each class' images in a pool."""
    if pool.images.shape[1:] != (ITEM, ITEM, 1):
        raise ValueError(
            f"the images must have shape (n, {ITEM}, {ITEM}, 1); got {pool.images.shape}. "
            "Pass the splits of Fashion-MNIST."
        )
    members = [np.flatnonzero(pool.labels == label) for label in range(len(CLASS_NAMES))]
    empty = [label for label, found in enumerate(members) if not len(found)]
    if empty:
        raise ValueError(
            f"class {empty[0]} has no image for the {name} canvases. "
            "Check that Fashion-MNIST is complete."
        )
    return members
