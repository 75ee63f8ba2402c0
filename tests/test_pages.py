"""The one style sheet and the pages that it is in; how they look was seen in a browser."""

import pathlib
import re
import sys

import jinja2
import pytest

from keras_hashing import pages

PACKAGE = pathlib.Path(pages.__file__).parent
PARTS = {"audit_body.html"}  # of a page, which a notebook shows without the rest
TEMPLATES = sorted([*PACKAGE.rglob("templates/*.html"), PACKAGE / "serving/page/index.html"])
WHOLE = [path for path in TEMPLATES if path.name not in PARTS]
# Set on parts of pages by `page.js`.
SCRIPTED = {"busy", "chosen", "dragging", "tiny", "on", "off", "id"}
SCRIPTED |= {"picture", "about", "item", "folder", "bar", "differ", "same"}


def classes_of(template):
    """Class names in the markup, those inside `{% %}` and `{{ }}` too."""
    words = set()
    for value in re.findall(r'class="((?:[^"{]|\{[{%].*?[%}]\})*)"', template):
        words |= set(re.findall(r"[a-z-]+", re.sub(r"\{% .*? %\}", " ", value)))
    return words


def selected():
    style = re.sub(r"/\*.*?\*/", "", pages.STYLE.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = re.sub(r"\{[^{}]*\}", " ", style)
    return set(re.findall(r"\.([a-z][a-z-]*)", rules))


def test_there_are_four_pages():
    assert len(WHOLE) == 4


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_pages_have_no_style_of_their_own(path):
    text = path.read_text(encoding="utf-8")
    own = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    assert own == ["{{ style }}"] or 'href="page/page.css"' in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text


def test_the_style_has_no_rule_that_no_page_uses():
    used = set().union(*(classes_of(path.read_text(encoding="utf-8")) for path in TEMPLATES))
    assert selected() - used - SCRIPTED == set()


def test_the_style_comes_from_no_other_place():
    style = pages.STYLE.read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style and "</" not in style


@pytest.fixture
def template(tmp_path, monkeypatch):
    """Function that makes a package with one template; the package's name."""

    def make(text):
        (tmp_path / "paged" / "templates").mkdir(parents=True)
        (tmp_path / "paged" / "__init__.py").touch()
        (tmp_path / "paged" / "templates" / "x.html").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "paged", raising=False)
        return "paged"

    return make


def test_text_is_escaped_and_the_style_is_not(template):
    page = pages.render(template("<style>{{ style }}</style>{{ name }}"), "x.html", name="<b>ü")
    style, text = page.removeprefix("<style>").split("</style>")
    assert style == pages.STYLE.read_text(encoding="utf-8")
    assert text == "&lt;b&gt;ü"


def test_a_value_that_was_forgotten_is_an_error(template):
    with pytest.raises(jinja2.UndefinedError, match="'name' is undefined"):
        pages.render(template("{{ name }}"), "x.html")
