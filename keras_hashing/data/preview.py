"""What a notebook shows of a set of images."""

import base64
import html as markup
import io

import numpy as np
from PIL import Image

from keras_hashing.data import images as image_files

IMAGES = 8
SIDE = 96  # pixels, the longer side of a small image
CLASSES = 20  # listed at most


def html(image_set):
    """A table of a few images with their classes, and how many images each class has.

    Args:
        image_set: `ImageSet`.

    Returns:
        str, HTML without scripts; the images are in it as PNG files. Of a file that cannot be
        read stands the reason.
    """
    count = len(image_set)
    places = np.unique(np.linspace(0, count - 1, min(IMAGES, count)).astype(int))
    cells = "".join(
        '<figure style="display:inline-block;margin:4px;text-align:center">'
        f"{_picture(image_set, place)}"
        f"<figcaption>{_caption(image_set, place)}</figcaption></figure>"
        for place in places
    )
    title = markup.escape(repr(image_set))
    return f"<div><p><code>{title}</code></p><div>{cells}</div>{_counts(image_set)}</div>"


def _picture(image_set, place):
    try:
        if image_set.images is None:
            pixels = image_files.read_image(image_set.paths[place])
        else:
            pixels = image_set.images[place]
    except (ValueError, OSError) as error:
        return f"<em>{markup.escape(str(error))}</em>"
    image = Image.fromarray(np.squeeze(pixels, -1) if pixels.shape[-1] == 1 else pixels)
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "PNG")
    content = base64.b64encode(file.getvalue()).decode()
    name = markup.escape(str(image_set.ids[place]), quote=True)
    style = f"min-width:{SIDE // 2}px;image-rendering:auto"
    return (
        f'<img style="{style}" title="{name}" alt="{name}" src="data:image/png;base64,{content}">'
    )


def _caption(image_set, place):
    if image_set.labels is None:
        return markup.escape(str(image_set.ids[place]))
    label = image_set.labels[place]
    labels = np.flatnonzero(label) if image_set.labels.ndim == 2 else [int(label)]
    return markup.escape(", ".join(_name(image_set, one) for one in labels) or "no class")


def _counts(image_set):
    if image_set.labels is None:
        return ""
    if image_set.labels.ndim == 2:
        counts = dict(enumerate(image_set.labels.sum(axis=0, dtype=int).tolist()))
    else:
        found, numbers = np.unique(image_set.labels.ravel(), return_counts=True)
        counts = dict(zip(found.tolist(), numbers.tolist(), strict=True))
    rows = [f"{_name(image_set, label)}: {count:,}" for label, count in counts.items()]
    rest = [f"and {len(rows) - CLASSES:,} more classes"] if len(rows) > CLASSES else []
    return f"<p>{markup.escape(', '.join(rows[:CLASSES] + rest))}</p>"


def _name(image_set, label):
    return image_set.class_names[label] if image_set.class_names else str(label)
