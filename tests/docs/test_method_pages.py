"""A page for each method: complete, and its example runs."""

import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from docs.hooks import method_page
from docs.hooks.results import read_runs

FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "methods"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}


def test_every_method_has_a_page_in_the_contents():
    assert set(PAGES) == {*kh.methods.NAMES, "index", "nested"}
    contents = (FOLDER.parents[1] / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(contents.count(f" methods/{name}.md\n") == 1 for name in PAGES)


@pytest.mark.parametrize("name", kh.methods.NAMES)
def test_a_page_has_its_parts(name):
    text = PAGES[name]
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Formula", "Use"]
    assert text.count(method_page.MARK) == 1 and text.count("$$") >= 2
    assert kh.methods.NAMES[name].__name__ in text  # the class, in the example
    assert re.search(r"[Nn]eeds\s+(no\s+)?labels|images without a label help|without labels", text)


@pytest.fixture
def without_graphs():
    """Four steps take longer to compile than to run."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("name", [name for name in PAGES if name != "index"])
def test_the_example_runs(name, monkeypatch, without_graphs):
    """As written, on 125 small images and for one epoch."""
    whole = kh.data.sample()
    few = np.sort(np.argsort(whole.labels, kind="stable")[::16])
    small = kh.data.ImageSet(whole.images[few, ::4, ::4], whole.labels[few], whole.ids[few])
    monkeypatch.setattr(kh.data, "sample", lambda: small)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGES[name], re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    found = {}
    exec(re.sub(r"epochs=\d+", "epochs=1", blocks[0]), found)
    bits = found["model"].bits
    assert found["codes"].shape == (len(few), bits // 8) and found["codes"].dtype == np.uint8
    if name == "nested":
        assert np.array_equal(found["short"], found["codes"][:, :2])


def test_figures_are_filled_in(tmp_path):
    runs = read_runs()
    text = f"# X\n\n{method_page.MARK}\n"
    rows = [{"contestant": "bihalf", "data": "D", "metric": "mAP", "backbone": "B"}]
    rows[0] |= {"bits": "8", "figures": ".5", "source": "S"}
    filled = method_page.fill(text, "bihalf", runs, rows, [], lambda runs, name: f"<svg {name}>")
    assert method_page.MARK not in filled and "<figure><svg bihalf></figure>" in filled
    assert "None under a protocol that was run here" in filled and "B; S" in filled
    assert "## In the zoo" not in filled
    nothing = method_page.fill(text, "usdh", runs, [], [], lambda runs, name: "")
    assert method_page._NOTHING in nothing
    with pytest.raises(ValueError, match=r"methods\.csv has no test run of dhn"):
        method_page.fill(text, "dhn", [], [], [], lambda runs, name: "")
