"""Griffe extension: this package's docstrings in the words that its parser knows."""

import re

import griffe

_ABOVE = re.compile(r"paper (above|at the top of the\s+module)|see the\s+module")
_LABEL = re.compile(r"^(Source|Inputs?|Output|Args and returns)(:| )", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Doctests under `Example:` as code; `Source:` stands out, with the module's paper."""

    def on_instance(self, *, obj, **kwargs):
        if obj.docstring is not None:
            home = "" if obj.is_module or obj.module.docstring is None else obj.module.docstring
            obj.docstring.value = rewrite(obj.docstring.value, home and home.value)


def rewrite(text, module=""):
    """A docstring's text as the reference shows it.

    Args:
        text: str, with `Example:` for doctests, and labels such as `Source:`.
        module: str, its module's docstring, whose paper is added where the text points to it.
    """
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    text = _LABEL.sub(r"**\1**\2", text)
    paper = module.partition("\n\n")[2]
    if paper and _ABOVE.search(text):
        text = f"{text.rstrip()}\n\n{paper.removeprefix('**Source**: ').strip()}\n"
    return text
