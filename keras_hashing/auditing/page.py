"""An audit as a page that needs no other file."""

import io
import pathlib

from keras_hashing import checks, files, pages
from keras_hashing.auditing import conventions, plot, tables

ENDINGS = (".html", *plot.FORMATS)


def check_ending(path):
    """Raise ValueError unless `write` can write such a file."""
    checks.one_of("ending of --out", pathlib.Path(path).suffix.lower(), ENDINGS)


def write(path, audit, name):
    """Write the page, or for another ending the picture alone; whole or not at all.

    Args:
        path: path-like, ending in .html, .png, .svg or .pdf.
        audit: `keras_hashing.auditing.result.Audit`.
        name: str, what the codes are called.

    Raises:
        ValueError: another ending.
    """
    check_ending(path)
    if pathlib.Path(path).suffix.lower() != ".html":
        audit.plot(path)
        return
    with files.atomic_path(path) as temporary:
        temporary.write_text(html(audit, name), encoding="utf-8")


def html(audit, name, whole=True):
    """The page as text; without `whole` what is inside its body, as a notebook wants it."""
    return pages.render(
        "keras_hashing.auditing",
        "audit.html" if whole else "audit_body.html",
        name=name,
        headline=tables.headline(audit),
        audit=audit,
        tables=tables.tables(audit),
        numeric=tables.NUMERIC,
        tie_orders=conventions.TIE_ORDERS if audit.conventions else (),
        without_relevant=conventions.WITHOUT_RELEVANT if audit.conventions else (),
        plot=_picture(audit),
    )


def _picture(audit):
    """The plot as SVG text."""
    text = io.StringIO()
    plot.draw(audit).savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]
