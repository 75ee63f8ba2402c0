"""What CSQ, DPN and OrthoHash share: codes of the classes, made once."""

import numpy as np
import pytest

from keras_hashing.losses import bernoulli_centres, class_centres
from keras_hashing.methods import CSQ, DPN, OrthoHash
from keras_hashing.methods.centre_method import CentreMethod

MAKERS = {CSQ: class_centres, DPN: bernoulli_centres, OrthoHash: bernoulli_centres}


@pytest.mark.parametrize(("method", "make"), MAKERS.items())
def test_codes_come_with_the_classes_or_the_labels(method, make):
    given = method(bits=12, backbone=None, classes=5, seed=3)
    found = method(bits=12, backbone=None, seed=3)
    found.prepare(np.array([0, 4, 1]))
    assert isinstance(given, CentreMethod)
    assert given.get_config()["classes"] == found.get_config()["classes"] == 5
    for model in (given, found):
        np.testing.assert_array_equal(model.centres, make(5, 12, 3))


def test_a_shorter_model_takes_the_first_columns():
    longest, short = (DPN(bits, backbone=None) for bits in (12, 8))
    longest.prepare(np.arange(4))
    longest.order_for_prefixes()
    short.share(longest)
    np.testing.assert_array_equal(short.centres, longest.centres[:, :8])
    assert short.classes == 4


def test_refused():
    with pytest.raises(ValueError, match="the classes are not known yet"):
        CSQ(8, backbone=None).centres  # noqa: B018
    with pytest.raises(ValueError, match="`bits` must be at least 3 to give each of 5 classes"):
        DPN(2, backbone=None, classes=5)
