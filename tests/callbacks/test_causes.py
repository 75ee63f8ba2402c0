"""The guess at a cause, for outputs made to show each one."""

import re

import numpy as np
import pytest

from keras_hashing.callbacks import causes
from keras_hashing.callbacks.collapse import Known

LEANING = np.where(np.arange(300)[:, None] % 2, 0.8, 1.2) * np.ones(8)  # mean 1, spread 0.2


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        (np.tanh(50 * LEANING), r"^100% of the outputs stand at -1 or \+1, where tanh .*continuat"),
        # tanh(1.6) = 0.9217 and tanh(2.4) = 0.9837: 0.9527 in the mean, 0.0310 to either side.
        (np.tanh(2 * LEANING), "^The outputs lean to one side: their mean is 0.95, .* 0.031"),
        (-300 * LEANING, "^Likely the learning rate is too high: outputs have grown to 300 in"),
        (0.4 + 0 * LEANING, "^The outputs do not depend on the item. Likely a hidden layer has "),
        (0 * LEANING, "^The outputs do not depend on the item"),
        (0.02 * LEANING, "^The outputs lie near 0, 0.02 in the mean. .*quantization weight"),
        (LEANING, "^The outputs lean to one side: their mean is 1, their spread 0.2. Likely most"),
        # Nine tenths at the ends are saturated, a little less is not.
        (np.where(np.arange(300)[:, None] < 270, 1, 0.5 * LEANING).clip(-1, 1), "^90% of the out"),
        (np.where(np.arange(300)[:, None] < 260, 1, 0.5 * LEANING).clip(-1, 1), "lean to one side"),
        # Unbounded outputs of size 1 are not saturated.
        (LEANING.clip(0.99, 1.2), "lean to one side"),
    ],
)
def test_the_cause_fits_the_outputs(outputs, text):
    found = causes.likely(outputs.astype("float32"), Known())
    assert re.search(text, found), found


def test_what_labels_say_comes_first():
    found = causes.likely(LEANING, Known(1, 1, 1.0))
    assert found.startswith("All of them are of one class")
    found = causes.likely(LEANING, Known(4, 4, 0.25, one_class_batches=True))
    assert "each one that was read holds items of a single class" in found
    assert found.endswith("Shuffle the training data.")


def test_float16_does_not_overflow():
    outputs = np.full((300, 400), 5, "float16")
    assert causes.likely(outputs, Known()).startswith("The outputs do not depend on the item")
