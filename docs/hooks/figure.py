"""The curve of one method among those of all others: mAP against bits, as SVG for a page."""

import io
import re

from benchmarks.methods.settings import BITS, CONTESTANTS
from docs.hooks import results

_COLOURS = ("#2f7fd0", "#d9662b", "#2d9d6f", "#a05bc4")  # on white and on black
_TEXT = "#123456"  # becomes the colour of the page's text


def draw(runs, method):
    """SVG of `cifar10-s1` means: the method's variants in colour, all other methods grey.

    Args:
        runs: as of `results.read_runs`.
        method: str, a name of `keras_hashing.methods.NAMES`.

    Returns:
        str, an `<svg>` element whose text takes the page's font and colour.
    """
    import matplotlib

    settings = {"svg.fonttype": "none", "svg.hashsalt": method, "font.size": 13}
    settings |= {f"{part}.color": _TEXT for part in ("text", "xtick", "ytick")}
    settings |= {"axes.labelcolor": _TEXT, "axes.edgecolor": _TEXT}
    with matplotlib.rc_context(settings):
        figure = _figure(runs, method)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(written.getvalue(), f"mAP against bits of {method} among all methods")


def _figure(runs, method):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    own = results.contestants(method)
    for name in CONTESTANTS:
        if name not in own:
            axes.plot(*_points(runs, name), color="#8a8f98", alpha=0.35, linewidth=1)
    for number, name in enumerate(name for name in own if results.means(runs, name)):
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(*_points(runs, name), color=colour, linewidth=2.5, marker="o", label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks(BITS, [str(bits) for bits in BITS])
    axes.minorticks_off()
    axes.set(xlabel="bits", ylabel="mAP, ties expected", ylim=(0, 0.9))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right", labelcolor=_TEXT)
    return figure


def _points(runs, name):
    found = results.means(runs, name)
    return list(found), list(found.values())


def _for_page(svg, description):
    """The element alone, as wide as the page, in its colours."""
    svg = svg[svg.index("<svg") :].replace(_TEXT, "currentColor")
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    # The size stays and the family is the page's; Matplotlib writes them in one or apart.
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"font-family: [^;\"]*(; )?", "", svg)
    return svg.replace("<svg", f'<svg class="curve" role="img" aria-label="{description}"', 1)
