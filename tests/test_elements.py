"""One element of a stream: its input, label and id, and what a batch of them is."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing.elements import Reader, array, is_array, is_text, listed

IMAGE = np.full((9, 8, 3), 5, np.uint8)


@pytest.mark.parametrize(
    ("element", "label", "name"),
    [
        (IMAGE, None, None),
        ((IMAGE, 3), 3, None),
        ((IMAGE, 3, 0.5), 3, None),
        ((IMAGE,), None, None),
        ({"image": IMAGE}, None, None),
        ({"image": IMAGE, "label": 3, "id": "a"}, 3, "a"),
        ({"pixel_values": IMAGE, "labels": 3, "mask": IMAGE}, 3, None),
        ({"photo": IMAGE, "target": 3, "file_name": "a.png"}, 3, "a.png"),
        (({"image": IMAGE, "id": "a"}, 3), 3, "a"),
    ],
)
def test_parts(element, label, name):
    found = Reader(4, None, "images").parts(element)
    assert found[0] is IMAGE and found[1:] == (label, name)


@pytest.mark.parametrize(
    ("first", "rank", "batched", "learned"),
    [
        (IMAGE, None, False, 4),
        (IMAGE[None], None, True, 4),
        (IMAGE[..., 0], 4, False, 4),
        (np.zeros(5), None, False, 2),
        (np.zeros((5, 3)), None, True, 2),
        (Image.fromarray(IMAGE), None, False, 4),
        (tf.constant("a.png"), None, False, 4),
        (tf.constant(["a.png", "b.png"]), None, True, 4),
        ([IMAGE, IMAGE[:5]], None, True, None),
    ],
)
def test_the_first_element_tells(first, rank, batched, learned):
    reader = Reader(rank, None, "images")
    reader.learn(first)
    assert (reader.batched, reader.rank) == (batched, learned)


@pytest.mark.parametrize("first", [np.zeros((12, 80)), np.zeros(3), np.zeros((2, 3, 4, 5, 6))])
def test_no_image(first):
    with pytest.raises(ValueError, match="`images` must have shape"):
        Reader(4, None, "images").learn(first)


def test_small_questions():
    assert is_array(IMAGE) and is_array(tf.constant(1)) and not is_array([1])
    assert is_text(np.array(["a"])) and is_text(tf.constant("a")) and not is_text(IMAGE)
    assert is_text(np.array([b"a"])) and is_text(np.array([None]))
    assert listed([[1, 2]]) and listed((1.5,)) and not listed([IMAGE]) and not listed([])
    assert array(tf.constant([1, 2])).tolist() == array([1, 2]).tolist() == [1, 2]
