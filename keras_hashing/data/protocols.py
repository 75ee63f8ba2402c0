"""Which images are queries, training, validation and database: the protocols of the literature.

An image is known by its global index: its position in the train split, or the train split's
length plus its position in the test split. Its pooled rank is its place among the images of its
class in that order. Every set is in ascending global index.

`multifashion` is not here: its sets are made, not drawn from one pool; see `multi_fashion.py`.
"""

import dataclasses
import hashlib

import numpy as np

from keras_hashing import checks

NUM_CLASSES = 10
QUERIES, TRAINING, VALIDATION = 100, 500, 50  # per class, of the drawn protocols
HELD_OUT = 100  # per class, validation of the protocols that use the original splits
UNSEEN_FROM = 7  # `cifar10-unseen` trains on the classes below, and queries with the others

NAMES = (
    "cifar10-s1",
    "cifar10-s1b",
    "cifar10-s2",
    "cifar10-orig",
    "cifar10-unseen",
    "mnist-s1",
    "mnist-orig",
    "fashion-s1",
    "fashion-orig",
)

# SHA-256 of the query lists of seed 0, as `digest` writes them. numpy does not promise that
# `Generator.permutation` stays the same for ever; a data set cut short shows here as well.
QUERY_DIGESTS = {
    "cifar10": "2bac25982c7c8bdcbd8929c10c657a39aedf9047226e505d8efb01dabed83cbc",
    "mnist": "d73a5ba6d46406877fc8006d97a2f7846b6e0a5755487deba47dc3a56acf5c59",
    "fashion": "b78dd55a43f2ce0a89ee2bc4d24a406a13410c82613de6614e62e593ad329752",
}


@dataclasses.dataclass(frozen=True)
class Split:
    """Global indices of each set, int64, ascending; `training` includes `validation`."""

    query: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    database: np.ndarray


def split(protocol, train_labels, test_labels, seed=0):
    """Draw the sets of a protocol.

    Args:
        protocol: str, one of `NAMES`.
        train_labels, test_labels: int arrays of classes 0 to 9, in the original order.
        seed: int, at least 0; only the drawn protocols (s1, s1b, unseen) depend on it.

    Returns:
        `Split`.

    Raises:
        ValueError: unknown protocol, or a class with too few images for it.

    Source: `cifar10-s1` and `-s1b` follow the sizes that Zhu et al., "Deep Hashing Network for
    Efficient Similarity Retrieval", AAAI 2016, and later papers use, `-orig` those of Lin et
    al., "Deep Learning of Binary Hash Codes for Fast Image Retrieval", CVPRW 2015. The seeds,
    the validation sets and `cifar10-unseen` are ours.
    """
    checks.one_of("protocol", protocol, NAMES)
    checks.whole("seed", seed, 0, None, "Use 0, the seed of all published entries.")
    kind = protocol.split("-")[1]
    if kind in ("s2", "orig"):
        return _original(np.asarray(train_labels), np.asarray(test_labels))
    labels = np.concatenate([train_labels, test_labels])
    drawn = _drawn(labels, seed)
    if kind == "s1b":
        database = np.sort(np.concatenate([drawn.database, drawn.training]))
        return dataclasses.replace(drawn, database=database)
    if kind == "unseen":
        return Split(
            query=drawn.query[labels[drawn.query] >= UNSEEN_FROM],
            training=drawn.training[labels[drawn.training] < UNSEEN_FROM],
            validation=drawn.validation[labels[drawn.validation] < UNSEEN_FROM],
            database=drawn.database,
        )
    return drawn


def digest(indices, labels):
    """SHA-256 of the lines "class,rank" of a set, both ascending, rank being the pooled one.

    Args:
        indices: int array, global indices.
        labels: int array, classes of all images in the order of global indices.

    Returns:
        str, 64 hex digits.
    """
    chosen = np.zeros(len(labels), bool)
    chosen[indices] = True
    lines = [
        f"{label},{rank}\n"
        for label in range(NUM_CLASSES)
        for rank in np.flatnonzero(chosen[labels == label])
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_draw(dataset, labels):
    """Raise RuntimeError unless seed 0 draws the published queries of a data set.

    Args:
        dataset: str, "cifar10", "mnist" or "fashion".
        labels: int array, classes of all images in the order of global indices.
    """
    found = digest(_drawn(labels, 0).query, labels)
    if found != QUERY_DIGESTS[dataset]:
        raise RuntimeError(
            f"The queries drawn from {dataset} with seed 0 have SHA-256 {found}, not the "
            f"published {QUERY_DIGESTS[dataset]}. Either the data set is not complete, or numpy "
            f"{np.__version__} draws other permutations; figures would not be comparable."
        )


def _drawn(labels, seed):
    """Per class: 100 queries, then 500 training images (the last 50 validation), of a draw."""
    generator = np.random.Generator(np.random.PCG64(seed))
    parts: dict[str, list] = {"query": [], "training": [], "validation": [], "database": []}
    for label in range(NUM_CLASSES):
        members = np.flatnonzero(labels == label)
        needed = QUERIES + TRAINING + 1
        if len(members) < needed:
            raise ValueError(
                f"class {label} has {len(members)} images; this protocol needs {needed} or more. "
                "Check that the data set is complete."
            )
        order = members[generator.permutation(len(members))]
        end = QUERIES + TRAINING
        parts["query"].append(order[:QUERIES])
        parts["training"].append(order[QUERIES:end])
        parts["validation"].append(order[end - VALIDATION : end])
        parts["database"].append(order[end:])
    return Split(**{name: np.sort(np.concatenate(part)) for name, part in parts.items()})


def _original(train_labels, test_labels):
    """Test split against train split; validation is the last 100 of each class of the latter."""
    training = np.arange(len(train_labels))
    held_out = [np.flatnonzero(train_labels == label)[-HELD_OUT:] for label in range(NUM_CLASSES)]
    return Split(
        query=len(train_labels) + np.arange(len(test_labels)),
        training=training,
        validation=np.sort(np.concatenate(held_out)),
        database=training,
    )
