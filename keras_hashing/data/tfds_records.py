"""Any image data set of TensorFlow Datasets (TFDS), by what its builder says of itself."""

import dataclasses
import pathlib
import warnings

import numpy as np

from keras_hashing import checks, files
from keras_hashing.data import label_fields, tfds_files
from keras_hashing.data.image_set import ImageSet

LABELS = ("label", "labels", "class", "classes", "category", "objects")
SMALL = 128  # pixels; images of one size, with sides up to this, are kept as an array
MAX_BYTES = 2**33  # of such an array, 8 GiB
_FILES = "keras_hashing_files"  # beside the data sets of TFDS
_ENDINGS = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"GI": ".gif", b"BM": ".bmp"}


@dataclasses.dataclass(frozen=True)
class Reading:
    """What of an example is read.

    Attributes:
        image: str, the image's feature.
        label: tuple of str, the way to the label's feature.
        kind: "number", "several" or "flags".
        class_names: list of str, empty where numbers have no names.
        shape: the images' shape, or None where they differ or are large: then they are kept as
            the files that TFDS stores.
    """

    image: str
    label: tuple
    kind: str
    class_names: list
    shape: tuple | None


def read(name, data_dir=None, image_size=224):
    """Read all splits that have labels.

    Images of one size, up to 128 pixels a side, are decoded into memory. Others are written as
    the JPEG or PNG files that they are, once, into the folder `keras_hashing_files` in
    `data_dir`, which takes the room of the data set a second time, and are decoded when a batch
    needs them.

    Args:
        name: str, as `tfds.builder` takes it: "oxford_flowers102", "voc/2007", "cifar100:3.*.*".
        data_dir: folder of TFDS; None is its usual one. A set not there yet is downloaded.
        image_size: int, pixels, to which `.dataset()` resizes files.

    Returns:
        (sets, class_names): dict split -> `ImageSet` in the order of the records, ids
        "train_00000" and so on; list of str.

    Raises:
        ValueError: TFDS knows no such set, or it has no image, no label, or several of one kind.
        RuntimeError: TFDS could not provide it.
    """
    tfds_files.check_folder(data_dir)
    builder = _builder(name, data_dir)
    what = reading(builder.info)  # before anything is downloaded
    tfds_files.prepare(builder, name)
    sets = {}
    for split, info in builder.info.splits.items():
        images = _read_split(builder, split, info.num_examples, what, image_size)
        if images is not None:
            sets[split] = images
    return sets, what.class_names


def reading(info):
    """The `Reading` of a `tfds.core.DatasetInfo`."""
    import tensorflow_datasets as tfds

    features = info.features
    keys = [key for key in info.supervised_keys or () if isinstance(key, str)]
    if not hasattr(features, "keys"):
        raise ValueError(f"{info.full_name} has no named features, only {features}.")
    images = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Image)
        and not isinstance(feature, tfds.features.LabeledImage)
    ]
    image = _chosen(info, images, [*keys[:1], "image"], "image")
    preferred = [*keys[1:], *LABELS]
    found = {key: _label(feature, key in preferred) for key, feature in features.items()}
    labels = [key for key, label in found.items() if label is not None]
    label = _chosen(info, labels, preferred, "label")
    way, kind, names = found[label]
    shape = features[image].shape
    small = None not in shape and max(shape[:2]) <= SMALL and shape[2] in (1, 3)
    keep = small and features[image].np_dtype == np.uint8
    return Reading(image, (label, *way), kind, names, tuple(shape) if keep else None)


def _chosen(info, found, preferred, what):
    best = [key for key in preferred if key in found] or (found if len(found) == 1 else [])
    if best:
        return best[0]
    have = f"several: {', '.join(found)}" if found else "none"
    raise ValueError(
        f"{info.full_name} must have one {what} feature; it has {have}. Its features are "
        f"{', '.join(info.features)}. Read it by `tfds.load`, and make a `kh.data.ImageSet`."
    )


def _label(feature, called_so):
    """(way to it inside the feature, kind, class names), or None for what is no label.

    A plain number may be an id or a count; that it is a label only its name tells, `called_so`.
    """
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.ClassLabel):
        return (), "number", _names(feature)
    if isinstance(feature, tfds.features.Sequence):
        inner = feature.feature
        if isinstance(inner, tfds.features.ClassLabel):
            return (), "several", _names(inner)
        if hasattr(inner, "keys") and "label" in inner:  # boxes of objects, as VOC and COCO
            found = _label(inner["label"], True)
            return (("label",), "several", found[2]) if found and found[1] == "number" else None
        return None
    if not called_so or type(feature) not in (tfds.features.Tensor, tfds.features.Scalar):
        return None
    kinds = {0: "number", 1: "flags"}
    whole = np.dtype(feature.np_dtype).kind in "biu" and None not in feature.shape
    return ((), kinds[len(feature.shape)], []) if whole and len(feature.shape) in kinds else None


def _names(feature):
    """Names of classes; TFDS writes numbers where nobody gave names."""
    names = list(feature.names or ())
    return [] if names == [str(place) for place in range(len(names))] else names


def _builder(name, data_dir):
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError as error:
        known = ["multifashion", *tfds.list_builders(with_community_datasets=False)]
        known = checks.nearest(name, known)
        hint = f"; did you mean {' or '.join(map(repr, known))}?" if known else "."
        raise ValueError(f"TensorFlow Datasets knows no {name!r}{hint}") from error


def _read_split(builder, split, count, what, image_size):
    """The `ImageSet` of a split, or None where TFDS has no labels for it."""
    ids = [f"{split}_{i:05d}" for i in range(count)]
    if what.shape is not None:
        size = count * int(np.prod(what.shape))
        if size > MAX_BYTES:
            raise ValueError(
                f"{builder.info.full_name}, {split}: {size / 2**30:.1f} GiB of pixels; at most "
                f"{MAX_BYTES / 2**30:.0f} are read into memory."
            )
        images, values = np.zeros((count, *what.shape), np.uint8), []
        for place, (image, value) in enumerate(_examples(builder, split, what)):
            images[place] = image
            values.append(value)
        labels = _numbered(builder, split, values, what)
        if labels is None:
            return None
        return ImageSet(images, labels, ids, class_names=what.class_names or None)
    folder = pathlib.Path(builder.data_dir_root, _FILES, builder.info.full_name, split)
    if not folder.is_dir():
        with files.atomic_path(folder) as temporary:
            _write(builder, split, what, temporary)
    with np.load(folder / "labels.npz", allow_pickle=False) as stored:
        labels, endings = stored["labels"], stored["endings"].tolist()
    if not len(labels) and count:
        return None
    paths = [folder / f"{name}{ending}" for name, ending in zip(ids, endings, strict=True)]
    names = what.class_names or None
    return ImageSet(paths=paths, labels=labels, ids=ids, image_size=image_size, class_names=names)


def _write(builder, split, what, folder):
    """Write the stored files of a split, and `labels.npz`."""
    folder.mkdir()
    values, endings = [], []
    for place, (content, value) in enumerate(_examples(builder, split, what)):
        endings.append(_ENDINGS.get(content[:2], ".img"))
        (folder / f"{split}_{place:05d}{endings[-1]}").write_bytes(content)
        values.append(value)
    labels = _numbered(builder, split, values, what)
    empty = np.zeros(0, np.int64)
    np.savez(folder / "labels.npz", labels=empty if labels is None else labels, endings=endings)


def _examples(builder, split, what):
    """Pairs of an image, as array or as the bytes of its file, and its label, in file order."""
    import tensorflow_datasets as tfds

    inner: bool | set = True
    for key in reversed(what.label[1:]):
        inner = {key}
    wanted = {what.image: True, what.label[0]: inner}
    skip = {} if what.shape is not None else {what.image: tfds.decode.SkipDecoding()}
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
        decoders=tfds.decode.PartialDecoding(wanted, decoders=skip),
    )
    for example in tfds.as_numpy(dataset):
        label = example[what.label[0]]
        for key in what.label[1:]:
            label = label[key]
        yield example[what.image], label


def _numbered(builder, split, values, what):
    """Labels as an array; None, with a warning, where all are -1, TFDS' mark of no label."""
    if what.kind == "flags":
        return np.stack(values).astype(np.uint8) if values else None
    if what.kind == "number":
        labels = np.array(values, np.int64)
        if len(labels) and (labels < 0).all():
            warnings.warn(
                f"{builder.info.full_name}: the split {split!r} has no labels, and is left out.",
                stacklevel=5,
            )
            return None
        return labels
    parsed = [label_fields.Labels(items=[tuple(map(int, v)) for v in values], several=True)]
    return label_fields.number(parsed, what.class_names or None)[0][0]
