"""Annotation files of MS-COCO: which categories are in which image."""

import json

import numpy as np

from keras_hashing.data import label_fields, list_table


def read(path):
    """Read `instances_*.json`, or another file of this form.

    Args:
        path: `pathlib.Path`. `images` have `id` and `file_name`, `categories` `id` and `name`,
            `annotations` `image_id` and `category_id`.

    Returns:
        `list_table.Table`; flags with a column for each category, in the order of their ids,
        whose gaps are closed. Crowds (`iscrowd`) count. An image without annotation has no flag.

    Raises:
        ValueError: not JSON, a part is missing, or an id refers to nothing. Names it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}.") from error
    parts = ("images", "annotations", "categories")
    missing = [
        part
        for part in parts
        if not isinstance(content, dict) or not isinstance(content.get(part), list)
    ]
    if missing:
        raise ValueError(
            f"{path} has no `{missing[0]}`. An annotation file of COCO is needed, such as "
            "instances_val2017.json; captions have no categories."
        )
    try:
        return _table(path, *(content[part] for part in parts))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: an entry lacks {error}.") from error


def _table(path, images, annotations, categories):
    if not images or not categories:
        raise ValueError(f"{path} is empty; it has no image or no category.")
    ordered = sorted(categories, key=lambda category: category["id"])
    column = {category["id"]: place for place, category in enumerate(ordered)}
    row = {image["id"]: place for place, image in enumerate(images)}
    for known, entries, kind in ((column, ordered, "categories"), (row, images, "images")):
        if len(known) != len(entries):
            raise ValueError(f"{path}: an id of {kind} is there twice.")
    flags = np.zeros((len(images), len(ordered)), np.uint8)
    for annotation in annotations:
        for key, known in (("image_id", row), ("category_id", column)):
            if annotation[key] not in known:
                raise ValueError(
                    f"{path}: an annotation has the {key} {annotation[key]!r}, of none."
                )
        flags[row[annotation["image_id"]], column[annotation["category_id"]]] = 1
    names = [str(category["name"]) for category in ordered]
    labels = label_fields.Labels(flags=flags, class_names=names)
    places = list(range(1, len(images) + 1))
    return list_table.Table([image["file_name"] for image in images], places, labels)
