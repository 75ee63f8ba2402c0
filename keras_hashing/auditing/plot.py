"""An audit as a picture: five panels, of which those without data are left out."""

import pathlib

import numpy as np

from keras_hashing import checks, files

_BLUE, _RED, _GREY, _PALE, _INK = "#1f6f8b", "#c0392b", "#8c8c8c", "#bcd9e3", "#333333"
FORMATS = (".png", ".svg", ".pdf")


def save(audit, path):
    """Draw an audit into a file.

    Args:
        audit: `keras_hashing.auditing.result.Audit`.
        path: str or path-like, ending in .png, .svg or .pdf; written whole or not at all.

    Raises:
        ValueError: another ending.
    """
    ending = checks.one_of("ending of path", pathlib.Path(path).suffix.lower(), FORMATS)
    drawn = draw(audit)
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        drawn.savefig(file, format=ending[1:], dpi=120)


def draw(audit):
    """A matplotlib `Figure` of an audit."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    upper = ["balance", "correlation", "groups"]
    heights = [3.6]
    if audit.conventions:
        heights.append(max(3.4, 1.3 + 0.24 * len(audit.conventions)))
    elif audit.ties:
        upper.append("ties")
    figure = Figure(figsize=(4.4 * len(upper), sum(heights)))
    FigureCanvasAgg(figure)
    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    # Each row apart, so that the long names of one take no room in the other.
    rows = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    axes = rows[0].subplot_mosaic([upper])
    if audit.conventions:
        axes |= rows[1].subplot_mosaic([["ties", "conventions"]], width_ratios=(1, 2.2))
        _conventions(axes["conventions"], audit)
    if audit.ties:
        _ties(axes["ties"], audit)
    _balance(axes["balance"], audit)
    _correlation(axes["correlation"], audit, rows[0])
    _groups(axes["groups"], audit)
    for panel in axes.values():
        panel.spines[["top", "right"]].set_visible(False)
        panel.title.set_fontsize(11.5)
    return figure


def _balance(axes, audit):
    colours = np.full(audit.bits, _BLUE, dtype=object)
    idle = [*audit.dead_bits, *(repeated.bit for repeated in audit.duplicated_bits)]
    colours[idle] = _RED
    # From the middle, so that a dead bit is a long bar and not a missing one.
    axes.bar(np.arange(audit.bits), audit.balance - 0.5, 0.9, bottom=0.5, color=colours)
    axes.axhline(0.5, color=_GREY, linewidth=0.8)
    axes.set(xlabel="bit", ylabel="share of items with the bit on", ylim=(0, 1))
    axes.set_xlim(-0.7, audit.bits - 0.3)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title("Balance" + (" (red: dead or repeated)" if idle else ""))


def _correlation(axes, audit, figure):
    matrix = np.abs(audit.of_bits.correlation)
    np.fill_diagonal(matrix, np.nan)
    most = 1.0 if audit.of_bits.correlation_most > 0.5 else 0.5
    image = axes.imshow(matrix, vmin=0, vmax=most, cmap="viridis", interpolation="nearest")
    axes.set_facecolor("#eeeeee")
    figure.colorbar(image, ax=axes, shrink=0.9)
    axes.set(xlabel="bit", ylabel="bit")
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_major_locator().set_params(integer=True)
    axes.set_title(f"Correlation of bits, sign aside; mean {audit.of_bits.correlation_mean:.3f}")


def _groups(axes, audit):
    from matplotlib.ticker import FuncFormatter, NullFormatter

    sizes = audit.duplicates.group_sizes
    axes.loglog(np.arange(1, len(sizes) + 1), sizes, color=_BLUE, drawstyle="steps-mid", lw=1.8)
    if len(sizes) == 1:
        axes.plot([1], sizes, "o", color=_BLUE)
    axes.set_xlim(left=0.8)
    axes.set_ylim(0.8, max(12, 1.5 * sizes[0]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="code, most frequent first", ylabel="items that have it")
    axes.set_title(f"{audit.duplicates.distinct:,} different codes of {audit.items:,} items")
    axes.grid(alpha=0.25)


def _ties(axes, audit):
    names = ["all" if at.cutoff is None else f"{at.cutoff:,}" for at in audit.ties]
    bars = axes.bar(names, [at.bucket for at in audit.ties], 0.6, color=_BLUE)
    labels = ["" if at.cutoff is None else f"cut in {at.inside:.0%}" for at in audit.ties]
    axes.bar_label(bars, labels, padding=2, fontsize=8.5, color=_INK)
    axes.margins(y=0.12)
    axes.set(xlabel="cutoff R", ylabel="items in the bucket, mean")
    axes.set_title("Bucket at the cutoff; share of queries where cut")


def _conventions(axes, audit):
    """A line a convention, in the table's order."""
    rows = audit.conventions
    places = np.arange(len(rows))[::-1]
    for place, row in zip(places, rows, strict=True):
        spread = audit.tie_range.get(row.name)
        right = max(row.expected, row.index or 0.0)
        if spread is not None:
            axes.barh(place, spread.best - spread.worst, 0.62, left=spread.worst, color=_PALE)
            right = max(right, spread.best)
        if row.index is not None:
            axes.plot(row.index, place, "|", color=_RED, markersize=11, markeredgewidth=2)
        axes.plot(row.expected, place, "o", color=_BLUE, markersize=5.5)
        axes.annotate(
            f"{row.expected:.3f}",
            (right, place),
            (7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=_INK,
        )
    axes.set_yticks(places, [row.name for row in rows], fontsize=8.5)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.use_sticky_edges = False  # a band must not touch the frame
    axes.margins(x=0.08)
    axes.autoscale_view(scaley=False)
    axes.set_title("The same codes under every convention")
    axes.plot([], [], "o", color=_BLUE, markersize=5.5, label="ties expected")
    axes.plot([], [], "|", color=_RED, markersize=11, markeredgewidth=2, label="database order")
    axes.fill_between([], [], color=_PALE, label="worst to best tie order")
    axes.legend(frameon=False, fontsize=8.5, loc="best")
    axes.grid(axis="x", alpha=0.25)
