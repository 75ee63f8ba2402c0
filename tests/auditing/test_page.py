"""The audit's page: all figures, in one file that asks for nothing else."""

import html.parser
import re

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.auditing import tables
from keras_hashing.auditing.page import write


def audit(labelled=True):
    rng = np.random.default_rng(0)
    signs = 2 * rng.integers(0, 2, (130, 10)) - 1
    signs[:, 3] = 1
    ids = np.array(["<b>&x"] * 2 + [str(i) for i in range(128)])
    return kh.audit(
        kh.codes.pack(signs), 10, labels=rng.integers(0, 3, 130) if labelled else None, ids=ids
    )


class Cells(html.parser.HTMLParser):
    """Texts of the cells of all tables."""

    def __init__(self):
        super().__init__()
        self.cells, self._inside = [], False

    def handle_starttag(self, tag, attributes):
        if tag in ("td", "th"):
            self.cells.append("")
            self._inside = True

    def handle_endtag(self, tag):
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self._inside:
            self.cells[-1] += data


@pytest.mark.parametrize("labelled", [True, False])
def test_page_holds_every_cell_of_the_tables(tmp_path, labelled):
    found = audit(labelled)
    write(tmp_path / "audit.html", found, "codes.npy")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    wanted = []
    for _, columns, rows in tables.tables(found):
        wanted += [*columns, *(cell for row in rows for cell in row)]
    reader = Cells()
    reader.feed(page)
    assert reader.cells == wanted
    assert ("How published figures break ties" in page) == labelled
    assert page.count("<svg") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["audit.html"]


def test_page_needs_no_other_file(tmp_path):
    write(tmp_path / "audit.html", audit(), "codes.npy")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "<script" not in page and "<link" not in page
    sources = re.findall(r'(?:src|xlink:href|href)="([^"]*)"', page)
    assert all(source.startswith(("data:", "#")) for source in sources)


def test_names_are_escaped(tmp_path):
    write(tmp_path / "audit.html", audit(), "<i>codes</i>")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "&lt;i&gt;codes" in page and "<i>" not in page
    assert "more than once in the database: 1 (&lt;b&gt;&amp;x)" in page


def test_faults_and_the_lack_of_them(tmp_path):
    write(tmp_path / "audit.html", audit(), "x")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert page.count('<li class="fault">') == 2 and "sound" not in page.partition("<body>")[2]
    codes = np.random.default_rng(0).integers(0, 256, (300, 1)).astype(np.uint8)
    write(tmp_path / "audit.html", kh.audit(codes), "x")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert '<li class="fault">' not in page and '<li class="sound">' in page


def test_endings(tmp_path):
    write(tmp_path / "a.svg", audit(), "x")
    assert "<svg" in (tmp_path / "a.svg").read_text()
    with pytest.raises(ValueError, match="`ending of --out` got the unknown value '.txt'"):
        write(tmp_path / "a.txt", audit(), "x")
