"""A report in a terminal, and in a notebook with its precision-recall curve."""

from keras_hashing import html as tables

_WIDTH, _HEIGHT, _MARGIN = 220, 160, 24


def text(report):
    """A few lines of what one wants to know, str."""
    lines = [f"Report: {_sizes(report)}"]
    lines += [f"  {name}: {value}" for name, value in _rows(report)]
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join(lines)


def html(report):
    """A table beside a small precision-recall curve, an HTML str without scripts."""
    table = tables.table(_rows(report), caption=_sizes(report))
    notes = "".join(f"<div>{tables.escape(note)}</div>" for note in report.notes)
    return (
        "<div style='display:flex;gap:2em;align-items:center'>"
        f"{table}{_curve(report.pr_curve)}</div>{notes}"
    )


def _sizes(report):
    return f"{report.queries:,} queries, {report.database:,} items, {report.bits} bits"


def _rows(report):
    """Pairs of a figure's name and what is said of it, strs."""
    ties = f"{report.map_worst:.4f} to {report.map_best:.4f} by tie order"
    rows = [(f"mAP ({report.ties} ties)", f"{report.map:.4f}; {ties}")]
    for cutoff, value in report.map_at.items():
        figures = {"precision": report.precision_at, "recall": report.recall_at}
        others = (f"{name} {values[cutoff]:.4f}" for name, values in figures.items())
        name = f"mAP@{cutoff} ({report.denominator})"
        rows.append((name, "; ".join([f"{value:.4f}", *others])))
    within = f"{report.precision_radius:.4f}; {report.empty_radius:.1%} of queries find nothing"
    rows.append((f"precision within radius {report.radius}", within))
    rows.append(("NDCG", f"{report.ndcg:.4f}"))
    if report.queries_without_relevant:
        how = "left out" if report.without_relevant == "left out" else "counted as 0"
        rows.append(("nothing relevant", f"{report.queries_without_relevant:,} queries, {how}"))
    if report.own_left_out:
        rows.append(("own item left out", f"for {report.own_left_out:,} queries"))
    return rows


def _curve(curve):
    """Precision by recall, of radius 0 to the number of bits, as an inline SVG."""
    points = " ".join(
        f"{_MARGIN + recall * _WIDTH:.1f},{_MARGIN + (1 - precision) * _HEIGHT:.1f}"
        for recall, precision in zip(curve["recall"], curve["precision"], strict=True)
    )
    right, bottom = _WIDTH + 2 * _MARGIN, _HEIGHT + 2 * _MARGIN
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{right}' height='{bottom}' "
        "role='img' font-size='11' fill='currentColor'>"
        "<title>Precision by recall, within each Hamming radius</title>"
        f"<rect x='{_MARGIN}' y='{_MARGIN}' width='{_WIDTH}' height='{_HEIGHT}' fill='none' "
        "stroke='#b8b8b8'/>"
        f"<polyline points='{points}' fill='none' stroke='#1f6f8b' stroke-width='2'/>"
        f"<text x='{right / 2}' y='{bottom - 8}' text-anchor='middle'>recall, 0 to 1</text>"
        f"<text x='{_MARGIN}' y='{_MARGIN - 8}'>precision, 0 to 1</text></svg>"
    )
