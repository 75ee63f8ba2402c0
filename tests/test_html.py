"""HTML tables of notebooks, written out by hand."""

import pytest

from keras_hashing import html


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"rows": []}, "<table><tbody></tbody></table>"),
        (
            {"rows": [("bits", 64)]},
            "<table><tbody><tr><th>bits</th><td>64</td></tr></tbody></table>",
        ),
        (
            {"rows": [(1, 0.5)], "header": ("k", "recall"), "caption": "Index"},
            "<table><caption>Index</caption><thead><tr><th>k</th><th>recall</th></tr></thead>"
            "<tbody><tr><td>1</td><td>0.5</td></tr></tbody></table>",
        ),
        (
            {"rows": [("<b>&", '"')], "caption": "<script>"},
            "<table><caption>&lt;script&gt;</caption>"
            "<tbody><tr><th>&lt;b&gt;&amp;</th><td>&quot;</td></tr></tbody></table>",
        ),
    ],
)
def test_table(arguments, expected):
    assert html.table(**arguments) == expected


def test_header_is_escaped():
    assert "<th>&lt;i&gt;</th>" in html.table([], header=["<i>"])


def test_lines():
    assert html.lines([], "Index") == "Index"
    assert html.lines([("bits", 64), ("k", None)], "Index") == "Index\n  bits: 64\n  k: None"
