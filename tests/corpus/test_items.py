import os

from keras_hashing.corpus.items import Item, printable


def test_printable_names():
    assert printable("grün/01.jpg") == "grün/01.jpg"
    name = os.fsdecode(b"gr\xfcn.jpg")  # Latin-1: no valid UTF-8
    assert printable(name) == "gr\N{REPLACEMENT CHARACTER}n.jpg"
    printable(name).encode()


def test_an_item_has_no_problem_by_itself():
    assert Item("a.jpg").problem is None
