"""Images and labels out of the files of TensorFlow Datasets (TFDS)."""

import pathlib

import numpy as np

from keras_hashing.data.image_set import ImageSet


def read(tfds_name, data_dir):
    """A classification set of TFDS; one that is not there yet is downloaded.

    Args:
        tfds_name: str, such as "cifar10:3.*.*".
        data_dir: folder of TFDS; None is its usual one.

    Returns:
        (train, test, class_names): two `ImageSet`s in the original order, and a list of str.

    Raises:
        FileNotFoundError: no folder `data_dir`.
        RuntimeError: TFDS could not provide the set.
    """
    check_folder(data_dir)
    import tensorflow_datasets as tfds

    builder = tfds.builder(tfds_name, data_dir=data_dir)
    prepare(builder, tfds_name)
    return (
        read_split(builder, "train"),
        read_split(builder, "test"),
        list(builder.info.features["label"].names),
    )


def prepare(builder, tfds_name):
    """Have TFDS download and write a set that is not there yet; RuntimeError if it cannot."""
    try:
        builder.download_and_prepare()
    except Exception as error:  # network, checksum, disk: TFDS raises many types
        raise RuntimeError(
            f"TensorFlow Datasets could not get {tfds_name}: {error} "
            f"Pass `data_dir=`, a folder where `tfds.load` finds it, or connect to "
            f"the network; looked in {builder.data_dir}."
        ) from error


def read_split(builder, name):
    """One split, decoded, in the order of its ids, else of the records in its files.

    Args:
        builder: prepared TFDS builder whose examples have `image`, `label` and perhaps `id`.
        name: str, of the split.

    Returns:
        `ImageSet`; labels int64 `(n,)`, or multi-hot `(n, classes)` as stored.
    """
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(
        split=name,
        shuffle_files=False,
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
    )
    batches = list(tfds.as_numpy(dataset.batch(1000)))
    images = np.concatenate([batch["image"] for batch in batches])
    labels = np.concatenate([batch["label"] for batch in batches])
    if labels.ndim == 1:
        labels = labels.astype(np.int64)
    if "id" in batches[0]:
        ids = np.concatenate([batch["id"] for batch in batches]).astype(str)
        order = np.argsort(ids)
        return ImageSet(images[order], labels[order], ids[order])
    return ImageSet(images, labels, [f"{name}_{i:05d}" for i in range(len(images))])


def check_folder(data_dir):
    """Raise FileNotFoundError if `data_dir` is given and is no folder."""
    if data_dir is not None and not pathlib.Path(data_dir).is_dir():
        raise FileNotFoundError(
            f"There is no folder `data_dir` {data_dir}. Make it, or leave `data_dir` out to use "
            "the usual folder of TensorFlow Datasets."
        )
