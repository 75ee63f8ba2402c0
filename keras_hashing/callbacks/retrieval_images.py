"""Pictures of a retrieval: queries with their neighbours, and what the bits are worth."""

import numpy as np
from PIL import Image

from keras_hashing.data import images as image_files

RIGHT, WRONG, QUERY = (46, 160, 67), (207, 34, 46), (110, 118, 129)  # colours of the frames
FRAME, GAP = 4, 8  # pixels; the gap is that between a query and its neighbours
_BINS = 48


def thumbnails(images, places, size=64):
    """Some images of a set, small.

    Args:
        images: uint8 or float array `(n, h, w, 1 or 3)`, values 0 to 255, or a list of paths.
        places: ints, which.
        size: int, side in pixels.

    Returns:
        uint8 array `(len(places), size, size, 3)`.
    """
    found = np.zeros((len(places), size, size, 3), np.uint8)
    for row, place in enumerate(places):
        image = images[place]
        if not hasattr(image, "shape"):
            image = image_files.read_image(image)
        pixels = np.clip(np.rint(np.asarray(image, np.float32)), 0, 255).astype(np.uint8)
        pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        resized = Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR)
        found[row] = np.asarray(resized)
    return found


def neighbour_grid(queries, neighbours, relevant):
    """A row for each query: its image, then those of its neighbours, right and wrong framed.

    Args:
        queries: uint8 `(q, size, size, 3)`.
        neighbours: uint8 `(q, k, size, size, 3)`, nearest first.
        relevant: bool `(q, k)`.

    Returns:
        uint8 `(height, width, 3)`, white between the frames; green is right, red is wrong.
    """
    rows = []
    for query, row, right in zip(queries, neighbours, relevant, strict=True):
        framed = [_framed(query, QUERY), np.full((len(query) + 2 * FRAME, GAP, 3), 255, np.uint8)]
        framed += [
            _framed(image, RIGHT if yes else WRONG) for image, yes in zip(row, right, strict=True)
        ]
        rows.append(np.concatenate(framed, axis=1))
    return np.concatenate(rows)


def share_figure(shares):
    """How often each bit is on.

    Args:
        shares: float `(bits,)` in [0, 1].

    Returns:
        uint8 `(height, width, 3)`.
    """
    figure, axes = _canvas()
    axes.bar(np.arange(len(shares)), shares, width=1.0, color="#1f6f8b")
    axes.axhline(0.5, color="#444444", linewidth=1, linestyle="--")
    axes.set(xlabel="bit", ylabel="share of images, on", ylim=(0, 1))
    return _pixels(figure)


def correlation_figure(correlation):
    """How bits go together.

    Args:
        correlation: float `(bits, bits)` in [-1, 1], NaN where a bit never changes.

    Returns:
        uint8 `(height, width, 3)`.
    """
    figure, axes = _canvas()
    drawn = axes.imshow(correlation, cmap="RdBu", vmin=-1, vmax=1, interpolation="nearest")
    axes.set(xlabel="bit", ylabel="bit")
    figure.colorbar(drawn, ax=axes)
    return _pixels(figure)


def output_figure(outputs):
    """Where the outputs of each bit lie: two peaks away from 0 are wanted.

    Args:
        outputs: float `(n, bits)`, finite.

    Returns:
        uint8 `(height, width, 3)`; the colour is the square root of the share of images.
    """
    most = float(np.abs(outputs).max()) or 1.0
    edges = np.linspace(-most, most, _BINS + 1)
    shares = np.stack([np.histogram(bit, edges)[0] for bit in outputs.T]) / len(outputs)
    figure, axes = _canvas()
    axes.imshow(
        np.sqrt(shares),
        aspect="auto",
        extent=(-most, most, len(shares) - 0.5, -0.5),
        interpolation="nearest",
    )
    axes.axvline(0.0, color="white", linewidth=1, linestyle="--")
    axes.set(xlabel="output", ylabel="bit")
    return _pixels(figure)


def _framed(image, colour):
    framed = np.empty((len(image) + 2 * FRAME, image.shape[1] + 2 * FRAME, 3), np.uint8)
    framed[:] = colour
    framed[FRAME:-FRAME, FRAME:-FRAME] = image
    return framed


def _canvas():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
