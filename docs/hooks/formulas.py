"""Formulas as MathML, which browsers show without a script."""

import html
import pathlib
import re

_FORMULA = re.compile(
    r'<(div|span) class="arithmatex">(?:\\\[|\\\()(.*?)(?:\\\]|\\\))</\1>', re.DOTALL
)


def to_mathml(page):
    """A page's HTML with what Arithmatex marked as formulas, in LaTeX, turned into MathML.

    Args:
        page: str, HTML.

    Returns:
        str, HTML.

    Raises:
        ValueError: a formula that cannot be read; it is named.
    """
    return _FORMULA.sub(lambda found: _convert(html.unescape(found[2]), found[1] == "div"), page)


def font():
    """Path of the font that formulas are set in, STIX Two Math (SIL Open Font License)."""
    import ziamath

    return pathlib.Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"


def _convert(latex, block):
    from latex2mathml import converter

    try:
        element = converter.convert(latex.strip(), display="block" if block else "inline")
    except Exception as error:
        raise ValueError(f"this formula cannot be read: {latex.strip()}") from error
    if "\\" in element:  # a command that the converter does not know
        raise ValueError(f"this formula cannot be read: {latex.strip()}")
    return f'<div class="formula">{element}</div>' if block else element
