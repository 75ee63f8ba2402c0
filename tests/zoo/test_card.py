import copy
import dataclasses

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import zoo
from keras_hashing.zoo import card


def test_card_has_every_figure(entry):
    found = zoo.info(entry)
    text = (entry / "README.md").read_text()
    assert text == zoo.render_card(found)
    for key, value in found.metrics.items():
        assert f"| {card.label(key)} | {card.figure(value)} |" in text
    for row in found.comparisons:
        assert f"| {row['text']} | {row['map']:.4f} | expected |" in text
    assert f"**{found.metrics['map(expected)']:.4f}**" in text
    assert "mAP@36(hits)" in text
    assert "Labels and ids are in `labels.npz`" in text
    assert "Licence: Apache-2.0" in text


def test_card_says_what_is_known_of_unseen_classes(entry):
    found = zoo.info(entry)
    assert "that was not measured for this entry" in zoo.render_card(found)
    row = {"row": "unseen", "text": "classes 7-9", "map": 0.3, "ties": "expected"}
    changed = dataclasses.replace(found, comparisons=[row])
    assert "read the rows on unseen classes before you deploy it" in zoo.render_card(changed)


def test_card_tells_how_to_take_the_first_bits(entry):
    found = zoo.info(entry)
    rows = [
        {"row": f"first_{bits}", "text": f"its first {bits} bits", "map": 0.3, "ties": "expected"}
        for bits in (4, 8)
    ]
    text = zoo.render_card(dataclasses.replace(found, comparisons=rows))
    lines = [line for line in text.splitlines() if line.startswith("codes_")]
    codes = zoo.codes(entry).query_codes
    names = {"codes": codes, "kh": kh}
    exec("\n".join(lines), {}, names)
    bits = np.unpackbits(codes, axis=1, bitorder="little")
    for length in (4, 8):
        first = np.packbits(bits[:, :length], axis=1, bitorder="little")
        assert np.array_equal(names[f"codes_{length}"], first)
    assert "codes_" not in zoo.render_card(found)


def test_card_of_a_protocol_and_a_paper(entry):
    digests = {"query": "ab" * 32, "database": "cd" * 32}
    changed = dataclasses.replace(
        zoo.info(entry),
        protocol={
            "name": "cifar10-s1",
            "seed": 0,
            "digests": digests,
            "labels_sha256": None,
        },
        paper={"source": "Zhu et al., AAAI 2016", "map": 0.621, "backbone": "AlexNet"},
    )
    text = zoo.render_card(changed)
    assert "`cifar10-s1`, seed 0: " in text
    assert f"| query | `{'ab' * 32}` |" in text
    assert "| mAP that the paper states (Zhu et al., AAAI 2016, AlexNet) | 0.621 |" in text


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("map@1000(hits)", "mAP@1000(hits)"),
        ("precision@radius2", "precision within Hamming radius 2"),
        ("empty@radius2", "share of queries with nothing within radius 2"),
        ("duplicate_codes", "share of the database whose code repeats another's"),
    ],
)
def test_labels(key, words):
    assert card.label(key) == words


def test_figures():
    assert card.figure(54000) == "54,000"
    assert card.figure(0.62149) == "0.6215"


def test_write_card_leaves_the_given_entry_as_it_is(entry):
    found = zoo.info(entry)
    before = copy.deepcopy(found.files)
    card.write_card(entry, dataclasses.replace(found, licence="MIT"))
    assert found.files == before
    assert "Licence: MIT" in (entry / "README.md").read_text()
    assert zoo.verify(entry)[0].problems == []
