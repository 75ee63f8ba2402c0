"""Formulas in LaTeX become MathML."""

import re

import pytest

from docs.hooks import formulas

pytest.importorskip("latex2mathml", reason="pip install keras_hashing[docs]")


def test_formulas_become_mathml():
    page = (
        '<p>a <span class="arithmatex">\\(x &lt; y\\)</span></p>'
        '<div class="arithmatex">\\[x^2\\]</div><code>\\(z\\)</code>'
    )
    found = formulas.to_mathml(page)
    assert "arithmatex" not in found and found.count("<math") == 2
    assert "<mi>x</mi><mo>&#x0003C;</mo><mi>y</mi>" in found
    assert '<div class="formula"><math' in found
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in found
    assert found.endswith("<code>\\(z\\)</code>")


@pytest.mark.parametrize("latex", ["x^", r"\begin{cases} a", r"\nosuch{x}"])
def test_a_formula_that_cannot_be_read_is_named(latex):
    with pytest.raises(ValueError, match="this formula cannot be read: " + re.escape(latex)):
        formulas.to_mathml(f'<span class="arithmatex">\\({latex}\\)</span>')


def test_the_font_is_there():
    pytest.importorskip("ziamath", reason="pip install keras_hashing[docs]")
    assert formulas.font().read_bytes()[:4] in (b"\x00\x01\x00\x00", b"OTTO")
