"""The demo's page: queries with their neighbours, the curve, the histograms; one file."""

import base64
import io

import numpy as np
from PIL import Image

from keras_hashing import files, pages

_SHOWN = 12
CLASSES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def write(path, entry, sample, outputs, query, distances, ids, report):
    """Write the page, whole or not at all.

    Args:
        path: path-like of the .html file.
        entry: str, the zoo entry's name.
        sample: `ImageSet` of Fashion-MNIST.
        outputs: float32 `(n, bits)` of the whole sample.
        query: int array, the queries' places in the sample.
        distances, ids: int arrays `(queries, k)`, as `Index.search` returns them; an id is a
            place in the sample.
        report: `Report` of the same queries and database.
    """

    def item(place):
        return {
            "picture": _data_uri(Image.fromarray(sample.images[place, ..., 0])),
            "class": CLASSES[sample.labels[place]],
        }

    rows = []
    for number, place in enumerate(query[:_SHOWN]):
        neighbours = [
            {
                **item(found),
                "distance": int(distance),
                "right": bool(sample.labels[found] == sample.labels[place]),
            }
            for distance, found in zip(distances[number], ids[number], strict=True)
        ]
        rows.append({"query": item(place), "neighbours": neighbours})
    html = pages.render(
        "keras_hashing.cli",
        "demo.html",
        entry=entry,
        rows=rows,
        report=report,
        plot=_plot(report, outputs),
    )
    with files.atomic_path(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _data_uri(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _plot(report, outputs):
    """Curve and histograms as SVG text."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    FigureCanvasSVG(figure)
    curve, values, pairs = figure.subplots(1, 3)
    curve.plot(report.pr_curve["recall"], report.pr_curve["precision"], marker=".", color="#1f6f8b")
    curve.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    curve.set_title("Precision and recall by Hamming radius")
    values.hist(outputs.ravel(), bins=60, range=(-1, 1), color="#1f6f8b")
    values.set(xlabel="output before the sign", yticks=[])
    values.set_title("Outputs: near -1 and +1?")
    for name, colour in (("irrelevant", "#c0c0c0"), ("relevant", "#1f6f8b")):
        share = report.distances[name] / report.distances[name].sum()
        pairs.bar(np.arange(report.bits + 1), share, 1.0, alpha=0.7, label=name, color=colour)
    pairs.set(xlabel="Hamming distance", ylabel="share of pairs")
    pairs.set_title("Distances of relevant and other pairs")
    pairs.legend(frameon=False)
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]
