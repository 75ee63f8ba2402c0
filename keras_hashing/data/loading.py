"""Load a public data set through TensorFlow Datasets and cut it up by a protocol."""

import dataclasses
import pathlib

import numpy as np

from keras_hashing import checks
from keras_hashing.data import protocols
from keras_hashing.data.image_set import ImageSet

# Name here -> name in TensorFlow Datasets.
# The major version is fixed, because the order of MNIST and Fashion-MNIST hangs on it.
DATASETS = {
    "cifar10": "cifar10:3.*.*",
    "mnist": "mnist:3.*.*",
    "fashion": "fashion_mnist:3.*.*",
}


@dataclasses.dataclass(frozen=True)
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


def load(name, protocol=None, data_dir=None, validation=True, seed=0):
    """Load CIFAR-10, MNIST or Fashion-MNIST and cut it up by a protocol.

    CIFAR-10's ids `train_00000` to `test_09999` are the original order, which is restored. TFDS
    keeps no ids for MNIST and Fashion-MNIST: their order, and the number in their ids, is that
    of the records in TFDS' files, which is the same for everybody on one version of the set.

    Args:
        name: str, "cifar10", "mnist" or "fashion".
        protocol: str, one of `protocols.NAMES` that starts with `name`; default `<name>-s1`.
        data_dir: folder of TFDS; None is its usual one. A set not there yet is downloaded.
        validation: bool, keep the validation images out of `.train`; False leaves
            `.validation` empty.
        seed: int, of the drawn protocols; 0 for all published figures.

    Returns:
        `Data`. Labels are int64 `(n,)`; every set is in the original order.

    Raises:
        ValueError: unknown name or protocol.
        FileNotFoundError: no folder `data_dir`.
        RuntimeError: TFDS could not provide the set, or the queries drawn with seed 0 are not
            the published ones.
    """
    name = {"fashion_mnist": "fashion"}.get(name, name)
    checks.one_of("name", name, DATASETS)
    protocol = f"{name}-s1" if protocol is None else protocol
    allowed = [known for known in protocols.NAMES if known.startswith(f"{name}-")]
    checks.one_of("protocol", protocol, allowed)
    train, test, class_names = _read(DATASETS[name], data_dir)
    split = protocols.split(protocol, train.labels, test.labels, seed)
    everything = ImageSet(
        np.concatenate([train.images, test.images]),
        np.concatenate([train.labels, test.labels]),
        np.concatenate([train.ids, test.ids]),
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


def _read(tfds_name, data_dir):
    """Train and test split as ImageSets in the original order, and the class names."""
    if data_dir is not None and not pathlib.Path(data_dir).is_dir():
        raise FileNotFoundError(
            f"There is no folder `data_dir` {data_dir}. Make it, or leave `data_dir` out to use "
            "the usual folder of TensorFlow Datasets."
        )
    import tensorflow_datasets as tfds

    builder = tfds.builder(tfds_name, data_dir=data_dir)
    try:
        builder.download_and_prepare()
    except Exception as error:  # network, checksum, disk: TFDS raises many types
        raise RuntimeError(
            f"TensorFlow Datasets could not get {tfds_name}: {error} "
            f"Pass `data_dir=`, a folder where `tfds.load` finds it, or connect to "
            f"the network; looked in {builder.data_dir}."
        ) from error
    return (
        _read_split(builder, "train"),
        _read_split(builder, "test"),
        list(builder.info.features["label"].names),
    )


def _read_split(builder, name):
    """One split, decoded, in the order of its ids, else of the records in its files."""
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(
        split=name,
        shuffle_files=False,
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
    )
    batches = list(tfds.as_numpy(dataset.batch(1000)))
    images = np.concatenate([batch["image"] for batch in batches])
    labels = np.concatenate([batch["label"] for batch in batches]).astype(np.int64)
    if "id" in batches[0]:
        ids = np.concatenate([batch["id"] for batch in batches]).astype(str)
        order = np.argsort(ids)
        return ImageSet(images[order], labels[order], ids[order])
    return ImageSet(images, labels, [f"{name}_{i:05d}" for i in range(len(images))])
