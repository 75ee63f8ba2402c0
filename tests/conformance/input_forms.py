"""The same images and labels in every form that users have them."""

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from keras_hashing.data import ImageSet

COUNT, SIDE = 12, 12
IMAGES = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype("uint8")
LABELS = np.repeat(np.arange(3), COUNT // 3)  # as in the folder, whose classes come in order
NAMES = np.array(["ant", "bee", "cat"])
BATCH = COUNT  # so that a step of `fit` has all of them, in whatever order


class Batches(keras.utils.PyDataset):
    """Batches as functions of their number make them."""

    def __init__(self, make, size):
        super().__init__()
        self.make, self.size = make, size

    def __len__(self):
        return -(-COUNT // self.size)

    def __getitem__(self, number):
        return self.make(slice(number * self.size, (number + 1) * self.size))


def write_folder(folder):
    """The images in a folder for each class, sorted as they are here; returns their paths."""
    paths = []
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = folder / NAMES[label] / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
        paths.append(path)
    return paths


def slices(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])


def from_directory(folder):
    return keras.utils.image_dataset_from_directory(
        folder, image_size=(SIDE, SIDE), batch_size=5, shuffle=False, verbose=False
    )


# Name -> function of a folder (as `write_folder` makes it) to the images without labels.
IMAGES_ALONE = {
    "array": lambda folder: IMAGES,
    "floats": lambda folder: IMAGES.astype("float32"),
    "half floats": lambda folder: IMAGES.astype("float16"),
    "tensor": lambda folder: tf.constant(IMAGES),
    "array file": lambda folder: saved(folder, IMAGES),
    "list of arrays": lambda folder: list(IMAGES),
    "nested lists": lambda folder: IMAGES.tolist(),
    "tuple of arrays": lambda folder: tuple(IMAGES),
    "array of objects": lambda folder: objects(IMAGES),
    "list of PIL images": lambda folder: [Image.fromarray(image) for image in IMAGES],
    "list of batches": lambda folder: [IMAGES[:5], IMAGES[5:]],
    "ImageSet": lambda folder: ImageSet(IMAGES),
    "ImageSet of files": lambda folder: ImageSet(paths=sorted(folder.rglob("*.png"))),
    "list of paths": lambda folder: sorted(folder.rglob("*.png")),
    "list of strings": lambda folder: [str(path) for path in sorted(folder.rglob("*.png"))],
    "array of strings": lambda folder: np.array([str(p) for p in sorted(folder.rglob("*.png"))]),
    "list file": lambda folder: list_file(folder, labelled=False),
    "dataset": lambda folder: slices(IMAGES).batch(5),
    "dataset of floats": lambda folder: slices(IMAGES.astype("float32")).batch(5),
    "dataset of images": lambda folder: slices(IMAGES),
    "dataset of dicts": lambda folder: slices({"image": IMAGES}).batch(5),
    "dataset of paths": lambda folder: slices([str(p) for p in sorted(folder.rglob("*.png"))]),
    "dataset of file contents": lambda folder: slices(
        [path.read_bytes() for path in sorted(folder.rglob("*.png"))]
    ),
    "ragged dataset": lambda folder: slices(IMAGES).ragged_batch(5),
    "PyDataset": lambda folder: Batches(lambda rows: IMAGES[rows], 5),
    "generator of batches": lambda folder: iter([IMAGES[:5], IMAGES[5:]]),
    "generator of images": lambda folder: (image for image in IMAGES),
}

# The same with labels, class numbers or the names of the folders.
LABELLED = {
    "arrays": lambda folder: (IMAGES, LABELS),
    "names": lambda folder: (IMAGES, NAMES[LABELS]),
    "lists": lambda folder: (list(IMAGES), LABELS.tolist()),
    "tensors": lambda folder: (tf.constant(IMAGES), tf.constant(LABELS)),
    "PIL images": lambda folder: ([Image.fromarray(image) for image in IMAGES], LABELS),
    "paths": lambda folder: (sorted(folder.rglob("*.png")), LABELS),
    "ImageSet": lambda folder: ImageSet(IMAGES, LABELS),
    "ImageSet of files": lambda folder: ImageSet(
        paths=sorted(folder.rglob("*.png")), labels=LABELS, image_size=SIDE
    ),
    "folder": lambda folder: folder,
    "list file": lambda folder: list_file(folder, labelled=True),
    "dataset": lambda folder: slices(IMAGES, LABELS).batch(BATCH),
    "weighted dataset": lambda folder: slices(IMAGES, LABELS, np.ones(COUNT)).batch(BATCH),
    "dataset of names": lambda folder: slices(IMAGES, NAMES[LABELS]).batch(BATCH),
    "dataset of images": lambda folder: slices(IMAGES, LABELS),
    "shuffled dataset": lambda folder: slices(IMAGES, LABELS).shuffle(COUNT).batch(BATCH),
    "dataset of dicts": lambda folder: slices({"image": IMAGES, "label": LABELS}).batch(BATCH),
    "as TFDS has it": lambda folder: slices(
        {"id": [f"train_{n}" for n in range(COUNT)], "image": IMAGES, "label": LABELS}
    ),
    "dicts and labels": lambda folder: slices({"image": IMAGES}, LABELS).batch(BATCH),
    "PyDataset": lambda folder: Batches(lambda rows: (IMAGES[rows], LABELS[rows]), BATCH),
    "PyDataset of dicts": lambda folder: Batches(
        lambda rows: {"image": IMAGES[rows], "label": LABELS[rows]}, BATCH
    ),
    "image_dataset_from_directory": from_directory,
    "generator of batches": lambda folder: iter([(IMAGES, LABELS)]),
    "generator of images": lambda folder: zip(IMAGES, LABELS, strict=True),
}
READ_ONCE = {"generator of batches", "generator of images"}


def saved(folder, array):
    np.save(folder.parent / "images.npy", array)
    return folder.parent / "images.npy"


def objects(images):
    found = np.empty(len(images), object)
    found[:] = list(images)
    return found


def list_file(folder, labelled):
    path = folder.parent / "list.txt"
    names = sorted(folder.rglob("*.png"))
    lines = [
        f"{name} {label}\n" if labelled else f"{name}\n"
        for name, label in zip(names, LABELS, strict=True)
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path
