"""Shares of images drawn for queries and validation, class by class."""

import numpy as np

from keras_hashing import checks
from keras_hashing.data.image_set import joined


def check_shares(validation, query):
    """Raise unless both are shares that leave something to train on."""
    checks.between("validation", validation, 0.0, 1.0, "Pass a share such as 0.1.")
    checks.between("query", query, 0.0, 1.0, "Pass a share such as 0.1.")
    if validation + query >= 1:
        raise ValueError(
            f"`validation` and `query` together must be below 1; got {validation} and {query}. "
            "Leave something to train on."
        )


def draw(groups, validation, query, seed, whole="the folder"):
    """Draw the parts of a data set, a share of every group for each.

    Args:
        groups: dict, class name -> int array of its images' places; one group "" where images
            are unlabelled or have several labels.
        validation, query: floats in [0, 1), as `check_shares` allows them. A share above 0 is at
            least one image.
        seed: int, at least 0; one generator goes through the groups in order.
        whole: str, what to call the group "" in an error.

    Returns:
        Dict "train", "validation", "query", "database" -> int array of places, ascending; the
        database is train and validation.

    Raises:
        ValueError: a group too small for its shares.
    """
    check_shares(validation, query)
    checks.whole("seed", seed, 0, None, "Use 0, for example.")
    generator = np.random.Generator(np.random.PCG64(seed))
    parts = {"train": [], "validation": [], "query": [], "database": []}
    for name, members in groups.items():
        num_query = _share(query, len(members))
        end = num_query + _share(validation, len(members))
        if len(members) <= end:
            kind = f"class {name!r}" if name else whole
            raise ValueError(
                f"{kind} has {len(members)} usable image(s); with `query={query}` and "
                f"`validation={validation}` it needs {end + 1} or more. Add images, take the "
                "class away, or set a share to 0."
            )
        order = np.asarray(members)[generator.permutation(len(members))]
        parts["query"].append(order[:num_query])
        parts["validation"].append(order[num_query:end])
        parts["train"].append(order[end:])
        parts["database"].append(order[num_query:])
    return {
        part: np.sort(np.concatenate([np.zeros(0, np.int64), *chosen]))
        for part, chosen in parts.items()
    }


def complete(sets, validation, query, seed, whole="the folder"):
    """The four parts of a data set, those that are missing drawn from the training images.

    Args:
        sets: dict of `ImageSet`: "train", and perhaps "validation", "query" and "database".
        validation, query: floats, the shares to draw where the set is missing. With a
            `validation` of 0, validation images that there are join the training images.
        seed, whole: as of `draw`.

    Returns:
        Dict "train", "validation", "query", "database" -> `ImageSet`. A database that was
        missing is the training and validation images.
    """
    given = dict(sets)
    train = given.pop("train")
    if not validation and "validation" in given:
        train = joined(train, given.pop("validation"))
    places = draw(
        groups(train.labels, train.class_names, np.arange(len(train))),
        0.0 if "validation" in given else validation,
        0.0 if "query" in given else query,
        seed,
        whole,
    )
    parts = {part: train.subset(chosen) for part, chosen in places.items()}
    if "validation" in given:
        parts["database"] = joined(parts["database"], given["validation"])
    return {**parts, **given}


def groups(labels, class_names=(), places=None):
    """Places of the images of each class, for `draw`.

    Args:
        labels: int `(n,)`, multi-hot `(n, classes)`, or None for unlabelled images.
        class_names: names by label; the number itself where there is none.
        places: int array, the images to look at; for None all, which needs `labels`.

    Returns:
        Dict as `draw` takes it, classes in ascending order; one group where labels are not single.
    """
    places = np.arange(len(labels)) if places is None else np.asarray(places, np.int64)
    if labels is None or labels.ndim == 2:
        return {"": places}
    found = labels[places]
    return {
        str(class_names[label] if len(class_names) else label): places[found == label]
        for label in np.unique(found)
    }


def _share(share, count):
    return max(1, round(share * count)) if share > 0 else 0
