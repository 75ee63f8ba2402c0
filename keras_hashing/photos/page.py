"""A page that shows queries beside their neighbours; all in one file, thumbnails too."""

import base64
import functools
import io
import os
import urllib.parse
from collections.abc import Sequence

from PIL import Image

from keras_hashing import files, pages
from keras_hashing.data import images
from keras_hashing.photos.photo_index import Answer, PhotoIndex
from keras_hashing.types import Path

_THUMBNAIL = 320  # pixels on the longer side

_PROJECTIONS = {
    "itq": "ITQ fitted on these photos",
    "superbit": "fixed orthogonal projection",
    "model": "the model's own codes",
}


def describe(kind):
    """A projection's name in words."""
    return _PROJECTIONS[kind]


def build_page(photo_index: PhotoIndex, answers: Sequence[Answer], page_folder: Path) -> str:
    """HTML of answers, to be written into `page_folder`.

    Thumbnails are inside the page; each is a link to the photo itself, which works as long as
    page and photos keep their places to each other.

    Args:
        photo_index: `PhotoIndex` that gave the answers.
        answers: list of `Answer`.
        page_folder: path-like, where the page will lie.

    Returns:
        str, the page.

    Example:
        >>> import keras_hashing as kh
        >>> os.mkdir("photos")
        >>> for number in range(3):
        ...     Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(f"photos/{number}.png")
        >>> name = "dhn_fashion_48"
        >>> encoder = kh.photos.Encoder(name, lambda: kh.zoo.load(name), hashing=True)
        >>> summary = kh.photos.update("photos.khindex", "photos", encoder)
        >>> photo_index = kh.photos.PhotoIndex("photos.khindex")
        >>> page = build_page(photo_index, photo_index.search(["photos/1.png"], k=2), ".")
        >>> page.count("<img")
        3
    """
    picture = functools.cache(functools.partial(_picture, page_folder))
    rows = [
        {
            "query": picture(answer.query),
            "problem": answer.problem,
            "neighbours": [
                {"item": item, **picture(photo_index.folder / item.path), **_name(item.path)}
                for item in answer.neighbours
            ],
        }
        for answer in answers
    ]
    return pages.render(
        "keras_hashing.photos",
        "neighbours.html",
        rows=rows,
        folder=files.printable(photo_index.folder.name),
        photos=len(photo_index),
        bits=photo_index.bits,
        model=photo_index.model["name"],
        projection=describe(photo_index.projection),
    )


def _picture(page_folder, path):
    """What the template needs to show a photo; `source` is None if it is gone."""
    link = urllib.parse.quote(os.fsencode(os.path.relpath(path, page_folder)))
    return {"source": _thumbnail(path), "link": link, **_name(os.fspath(path))}


def _name(path):
    folder, name = os.path.split(path)
    return {"name": files.printable(name), "folder": files.printable(folder)}


def _thumbnail(path):
    """A photo as a small JPEG in a data URI; None if it cannot be read any more."""
    try:
        image = Image.fromarray(images.read_image(path))
    except (OSError, ValueError):
        return None
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
