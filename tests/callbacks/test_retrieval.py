"""`RetrievalEvaluation`: the logs hold what a separate evaluation of the model says."""

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.callbacks import RetrievalEvaluation
from keras_hashing.data import ImageSet
from keras_hashing.methods import DHN


def features(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype("float32"), np.arange(n) % 3


def test_val_map_is_the_models_own_and_later_callbacks_see_it():
    query, database = features(9, 0), features(40, 1)
    model = DHN(bits=8, backbone=None)
    model.compile("adam")
    seen = []
    later = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: seen.append(logs["val_map"])
    )
    callback = RetrievalEvaluation(query, database, at=(5,))
    history = model.fit(*features(30, 2), epochs=2, verbose=0, callbacks=[callback, later]).history
    expected = kh.evaluate(
        kh.encode(model, query[0]), query[1], kh.encode(model, database[0]), database[1], at=(5,)
    )
    assert history["val_map"] == seen
    assert history["val_map"][-1] == expected.map
    assert history["val_map@5(hits)"][-1] == expected.map_at[5]


def test_against_themselves_self_left_out():
    query = features(30, 3)
    model = DHN(bits=8, backbone=None)
    model.compile("adam")
    history = model.fit(
        *query, epochs=2, verbose=0, callbacks=[RetrievalEvaluation(query, every=2)]
    ).history
    ids = np.arange(30)
    codes = kh.encode(model, query[0])
    expected = kh.evaluate(
        codes, query[1], codes, query[1], query_ids=ids, database_ids=ids, exclude_self=True
    )
    assert history["val_map"] == [expected.map]


def test_image_sets_and_refusals():
    images = np.zeros((4, 8, 8, 3), np.uint8)
    labelled = ImageSet(images=images, labels=[0, 1, 0, 1])
    assert RetrievalEvaluation(labelled).query[0] is labelled
    with pytest.raises(ValueError, match="`query` must be a labelled ImageSet"):
        RetrievalEvaluation(ImageSet(images=images))
    with pytest.raises(ValueError, match="`every` must be at least 1"):
        RetrievalEvaluation(labelled, every=0)


@pytest.mark.parametrize("labels", [np.arange(4), np.eye(4)])
def test_queries_of_which_no_two_share_a_label(labels):
    images = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="no two of the 4 `query` images share a label"):
        RetrievalEvaluation((images, labels))
    RetrievalEvaluation((images, labels), database=(images, labels))
