"""Load a public data set through TensorFlow Datasets and cut it up by a protocol."""

import dataclasses

import numpy as np

from keras_hashing import checks, html
from keras_hashing.data import drawing, multi_fashion, protocols, tfds_files, tfds_records
from keras_hashing.data.image_set import ImageSet
from keras_hashing.types import Path

# Name here -> name in TensorFlow Datasets.
# The major version is fixed, because the order of MNIST and Fashion-MNIST hangs on it.
DATASETS = {
    "cifar10": "cifar10:3.*.*",
    "mnist": "mnist:3.*.*",
    "fashion": "fashion_mnist:3.*.*",
}
SPLITS = {"train": "train", "validation": "validation", "test": "query"}  # of any other set
PARTS = ("train", "validation", "query", "database")
SHARE = 0.1  # of a class, drawn where such a split is missing
MADE = "multifashion"  # made of Fashion-MNIST, for the one protocol of its name


@dataclasses.dataclass(frozen=True, repr=False)
class Data:
    """A data set cut into its parts, each an `ImageSet`.

    Attributes:
        name: str, "cifar10", or the folder's name.
        train, validation: what a model is fitted on and chosen by; they do not overlap.
        query, database: what is searched for, and in what.
        protocol: str or None for a folder.
        seed: int, of the draw.
        digests: dict, set name -> SHA-256 of its list; its "training" includes the validation
            images, so it tells the protocol whatever `validation` was.
        class_names: list of str, by label; empty where unlabelled.
        passed_over: list of (path, reason), files of a folder that are not in any part.
        repeated: list of (path, path), files of a folder's splits that hold the same image, as
            training and test images must not.

    Example:
        >>> pets = ImageSet(np.zeros((3, 8, 8, 3), "uint8"), ["dog", "cat", "dog"])
        >>> some = pets.subset([0])
        >>> Data("pets", train=pets, validation=some, query=some, database=pets)
        Data pets
          train: ImageSet(3 images (8, 8, 3), labelled, 2 classes: cat, dog)
          validation: ImageSet(1 images (8, 8, 3), labelled, 2 classes: cat, dog)
          query: ImageSet(1 images (8, 8, 3), labelled, 2 classes: cat, dog)
          database: ImageSet(3 images (8, 8, 3), labelled, 2 classes: cat, dog)
          protocol: none, seed 0
    """

    name: str
    train: ImageSet
    validation: ImageSet
    query: ImageSet
    database: ImageSet
    protocol: str | None = None
    seed: int = 0
    digests: dict = dataclasses.field(default_factory=dict)
    class_names: list = dataclasses.field(default_factory=list)
    passed_over: list = dataclasses.field(default_factory=list)
    repeated: list = dataclasses.field(default_factory=list)

    def __repr__(self):
        return html.lines(self._facts(), self._title)

    def _repr_html_(self):
        return html.table(self._facts(), caption=self._title)

    @property
    def _title(self):
        return f"Data {self.name}"

    def _facts(self):
        facts = [(part, getattr(self, part)) for part in PARTS]
        facts.append(("protocol", f"{self.protocol or 'none'}, seed {self.seed}"))
        if self.passed_over:
            facts.append(("passed over", f"{len(self.passed_over):,}, see `.passed_over`"))
        if self.repeated:
            facts.append(("repeated", f"{len(self.repeated):,}, see `.repeated`"))
        return facts


def load(
    name: str,
    protocol: str | None = None,
    data_dir: Path | None = None,
    validation: bool = True,
    seed: int = 0,
    *,
    image_size: int = 224,
) -> Data:
    """Load a public data set, cut up by a protocol or by its own splits.

    CIFAR-10, MNIST, Fashion-MNIST and multifashion have the protocols of the literature. Any
    other name is one of TensorFlow Datasets, "oxford_flowers102" or "voc/2007"; a "tfds:" before
    it says so even of the four. Of these sets the split `test` is the queries, `train` the
    training images, and both `train` and `validation` are the database; of `test` or
    `validation` where there is none, a tenth of each class of `train` is drawn. Images of many
    sizes are kept as files in `data_dir` (`tfds_records.py`).

    CIFAR-10's ids `train_00000` to `test_09999` are the original order, which is restored. TFDS
    keeps no ids for MNIST and Fashion-MNIST: their order, and the number in their ids, is that
    of the records in TFDS' files, which is the same for everybody on one version of the set.
    "multifashion", multi-label canvases of Fashion-MNIST items (`multi_fashion.py`), is made at
    the first call and then kept beside the others; its only protocol has its name.

    Args:
        name: str, "cifar10", "mnist", "fashion", "multifashion", or a name of TFDS.
        protocol: str, one of `protocols.NAMES` that starts with `name`, default `<name>-s1`; or
            "multifashion". None for any other set.
        data_dir: folder of TFDS; None is its usual one. A set not there yet is downloaded.
        validation: bool, keep the validation images out of `.train`; False leaves
            `.validation` empty.
        seed: int, of the drawn protocols and shares; 0 for all published figures.
        image_size: int, pixels, to which `.dataset()` resizes images of many sizes.

    Returns:
        `Data`. Labels are int64 `(n,)`, of multifashion uint8 `(n, 10)`; every set is in the
        original order.

    Raises:
        ValueError: unknown name or protocol, another seed than 0 for multifashion, or a set of
            TFDS without images or labels.
        FileNotFoundError: no folder `data_dir`.
        RuntimeError: TFDS could not provide the set, or what is drawn with seed 0 is not what
            was published.

    Example:
        >>> import keras_hashing as kh
        >>> data = kh.data.load("cifar10", data_dir="tfds")  # doctest: +SKIP
        >>> len(data.train), len(data.query), len(data.database)  # doctest: +SKIP
        (4500, 1000, 59000)
    """
    if not isinstance(name, str):
        raise TypeError(f"`name` must be the name of a data set; got {name!r}.")
    name = {"fashion_mnist": "fashion", "multi_fashion": MADE}.get(name, name)
    if name not in (*DATASETS, MADE):
        return _of_tfds(name, protocol, data_dir, validation, seed, image_size)
    if name == MADE:
        return _made(MADE if protocol is None else protocol, data_dir, validation, seed)
    protocol = f"{name}-s1" if protocol is None else protocol
    allowed = [known for known in protocols.NAMES if known.startswith(f"{name}-")]
    checks.one_of("protocol", protocol, allowed)
    train, test, class_names = tfds_files.read(DATASETS[name], data_dir)
    split = protocols.split(protocol, train.labels, test.labels, seed)
    everything = ImageSet(
        np.concatenate([train.images, test.images]),
        np.concatenate([train.labels, test.labels]),
        np.concatenate([train.ids, test.ids]),
        class_names=class_names,
    )
    protocols.check_draw(name, everything.labels)
    indices = dataclasses.asdict(split)
    digests = {part: protocols.digest(indices[part], everything.labels) for part in indices}
    held_out = split.validation if validation else split.validation[:0]
    return Data(
        name=name,
        train=everything.subset(np.setdiff1d(split.training, held_out)),
        validation=everything.subset(held_out),
        query=everything.subset(split.query),
        database=everything.subset(split.database),
        protocol=protocol,
        seed=seed,
        digests=digests,
        class_names=class_names,
    )


def _of_tfds(name, protocol, data_dir, validation, seed, image_size):
    """A set of TFDS by its own splits."""
    name = name.removeprefix("tfds:")
    if protocol is not None:
        raise ValueError(
            f"`protocol` is for {', '.join([*DATASETS, MADE])}; {name} is read by its own splits. "
            f"Leave it out; got {protocol!r}."
        )
    splits, class_names = tfds_records.read(name, data_dir, image_size)
    sets = {SPLITS[split]: images for split, images in splits.items() if split in SPLITS}
    if "train" not in sets:
        if len(splits) != 1:
            raise ValueError(f"{name} has no split `train` with labels, only {', '.join(splits)}.")
        sets = {"train": next(iter(splits.values()))}
    share = SHARE if validation else 0.0
    return Data(
        name=name,
        seed=seed,
        class_names=class_names,
        **drawing.complete(sets, share, SHARE, seed, "the training split"),
    )


def _made(protocol, data_dir, validation, seed):
    """multifashion; the last tenth of its training canvases is for validation."""
    checks.one_of("protocol", protocol, [MADE])
    if seed != 0:
        raise ValueError(
            f"`seed` must be 0 for {MADE}, whose canvases are drawn once; got {seed}. "
            "Leave `seed` out."
        )
    parts = multi_fashion.read(data_dir)
    for images in parts.values():
        images.class_names = list(multi_fashion.CLASS_NAMES)
    training = parts["training"]
    start = len(training) - len(training) // 10
    held_out = training.subset(slice(start, None))
    sets = {**parts, "validation": held_out}
    return Data(
        name=MADE,
        train=training.subset(slice(start)) if validation else training,
        validation=held_out if validation else training.subset([]),
        query=parts["query"],
        database=parts["database"],
        protocol=protocol,
        digests={part: multi_fashion.digest(images.labels) for part, images in sets.items()},
        class_names=list(multi_fashion.CLASS_NAMES),
    )
