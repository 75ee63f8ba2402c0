"""Docstrings as the reference's parser reads them."""

import pytest

pytest.importorskip("griffe", reason="pip install keras_hashing[docs]")

TEXT = """Summary.

Input: float tensor.

Example:
    >>> 1 + 1
    2

Source: somewhere; see Source: no label.
"""


def test_examples_and_labels():
    from docs.hooks.docstrings import rewrite

    assert rewrite(TEXT) == (
        "Summary.\n\n**Input**: float tensor.\n\nExamples:\n    >>> 1 + 1\n    2\n\n"
        "**Source**: somewhere; see Source: no label.\n"
    )


def test_the_paper_at_the_top_is_quoted():
    from docs.hooks.docstrings import rewrite

    module = "A module.\n\n**Source**: Somebody, ICCV 2017.\n"
    text = "Summary.\n\nSource: the paper at the top of the\nmodule.\n"
    assert rewrite(text, module).endswith("of the\nmodule.\n\nSomebody, ICCV 2017.\n")
    assert rewrite("Summary.", module) == "Summary."
    assert rewrite(text, "A module.").endswith("of the\nmodule.\n")
