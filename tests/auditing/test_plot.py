"""The picture: which panels are drawn, and what stands in them."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.auditing import plot

TITLES = ("Balance", "Correlation", "different codes", "Bucket at the cutoff", "every convention")


def audit(items=150, labelled=True, change=None):
    rng = np.random.default_rng(0)
    signs = 2 * rng.integers(0, 2, (items, 9)) - 1
    if change is not None:
        signs[:, 4] = change
    labels = rng.integers(0, 3, items) if labelled else None
    return kh.audit(kh.codes.pack(signs), 9, labels=labels)


def panels(drawn):
    """Title -> axes; the colour bar has none."""
    return {axes.get_title(): axes for axes in drawn.get_axes() if axes.get_title()}


@pytest.mark.parametrize(
    ("given", "count"), [(audit(), 5), (audit(labelled=False), 4), (audit(items=1), 3)]
)
def test_panels_without_data_are_left_out(given, count):
    titles = list(panels(plot.draw(given)))
    assert len(titles) == count
    for words in TITLES[:count]:
        assert any(words in title for title in titles)


def test_bars_are_the_balance_and_dead_bits_are_red():
    given = audit(change=1)
    axes = panels(plot.draw(given))["Balance (red: dead or repeated)"]
    ends = [bar.get_y() + bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(ends, given.balance)
    colours = [bar.get_facecolor() for bar in axes.patches]
    assert len(set(colours)) == 2
    assert [i for i, colour in enumerate(colours) if colours.count(colour) == 1] == [4]


def test_a_line_for_every_convention():
    given = audit()
    axes = panels(plot.draw(given))["The same codes under every convention"]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [row.name for row in given.conventions]
    assert [text.get_text() for text in axes.texts] == [
        f"{row.expected:.3f}" for row in given.conventions
    ]
    spread = given.tie_range["map@all"]
    (band,) = axes.patches
    ends = band.get_x(), band.get_x() + band.get_width()
    assert ends == pytest.approx((spread.worst, spread.best))


def test_one_code_for_all_can_be_drawn():
    given = kh.audit(np.zeros((5, 1), np.uint8), 8, labels=[0, 1, 0, 1, 0])
    assert len(panels(plot.draw(given))) == 5


@pytest.mark.parametrize(
    ("name", "begins"), [("a.png", b"PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")]
)
def test_files(tmp_path, name, begins):
    plot.save(audit(20), tmp_path / name)
    assert begins in (tmp_path / name).read_bytes()[:10]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`ending of path` got the unknown value '.gif'"):
        plot.save(audit(20), tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())
