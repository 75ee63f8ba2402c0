"""The curve of a method among all others."""

import re
import xml.etree.ElementTree

from docs.hooks import figure


def run(contestant, bits, value):
    keys = {"stage": "test", "protocol": "cifar10-s1", "contestant": contestant, "bits": bits}
    return {**keys, "map": value, "map_at_1000_hits": None, "map_seen": None}


RUNS = [
    *(run("dhn", bits, 0.5) for bits in (12, 128)),
    *(run("dhn-q", bits, 0.6) for bits in (12, 128)),
    *(run("csq", bits, 0.7) for bits in (12, 24, 128)),
]


def lines(svg, colour):
    """Points of the curves of a colour, as lists of heights."""
    found = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: none; stroke: {colour}', svg)
    return [[float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)] for path in found]


def test_own_curves_are_in_colour_and_the_others_grey():
    svg = figure.draw(RUNS, "dhn")
    xml.etree.ElementTree.fromstring(svg)
    own = [lines(svg, colour)[0] for colour in figure._COLOURS[:2]]
    others = [heights for heights in lines(svg, "#8a8f98") if heights]
    assert [len(heights) for heights in own] == [2, 2]
    assert [len(heights) for heights in others] == [3]
    # Heights count downwards and are linear in mAP: 0.5, 0.6, 0.7 are equally far apart.
    low, middle, high = own[0][0], own[1][0], others[0][0]
    assert low > middle > high
    assert abs((low - middle) - (middle - high)) < 1e-3


def test_it_takes_the_page_s_font_and_colour():
    svg = figure.draw(RUNS, "dhn")
    assert svg.startswith('<svg class="curve" role="img" aria-label="mAP against bits of dhn')
    assert figure._TEXT not in svg and "currentColor" in svg and "DejaVu" not in svg
    head = svg[: svg.index(">")]
    assert "viewBox" in head and "width=" not in head and "height=" not in head
    assert ">dhn-q</text>" in svg and ">csq</text>" not in svg
    assert svg == figure.draw(RUNS, "dhn")  # the same bytes every time
