"""An audit as a page that needs no other file."""

import io
import pathlib

import jinja2

from keras_hashing import checks, files
from keras_hashing.cli import audit_tables
from keras_hashing.evaluation import audit_conventions, audit_plot

ENDINGS = (".html", *audit_plot.FORMATS)


def check_ending(path):
    """Raise ValueError unless `write` can write such a file."""
    checks.one_of("ending of --out", pathlib.Path(path).suffix.lower(), ENDINGS)


def write(path, audit, name):
    """Write the page, or for another ending the picture alone; whole or not at all.

    Args:
        path: path-like, ending in .html, .png, .svg or .pdf.
        audit: `keras_hashing.evaluation.audit_result.Audit`.
        name: str, what the codes are called.

    Raises:
        ValueError: another ending.
    """
    check_ending(path)
    if pathlib.Path(path).suffix.lower() != ".html":
        audit.plot(path)
        return
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_hashing.cli"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("audit.html").render(
        name=name,
        headline=audit_tables.headline(audit),
        audit=audit,
        tables=audit_tables.tables(audit),
        numeric=audit_tables.NUMERIC,
        tie_orders=audit_conventions.TIE_ORDERS if audit.conventions else (),
        plot=_picture(audit),
    )
    with files.atomic_path(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _picture(audit):
    """The plot as SVG text."""
    text = io.StringIO()
    audit_plot.draw(audit).savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]
