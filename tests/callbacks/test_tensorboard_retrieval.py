"""What is in the event files, read back by TensorBoard's own reader."""

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import keras_hashing as kh
from keras_hashing.callbacks import TensorBoardRetrieval
from keras_hashing.callbacks.retrieval_images import FRAME, GAP, RIGHT, WRONG
from keras_hashing.callbacks.tensorboard_retrieval import bimodality
from keras_hashing.methods import DHN
from tests.zoo.conftest import small_data, small_model


def read(folder):
    events = EventAccumulator(str(folder), {"tensors": 0})
    events.Reload()
    return events


def values(events, tag):
    return [tf.make_ndarray(event.tensor_proto) for event in events.Tensors(tag)]


def picture(events, tag):
    return tf.io.decode_png(values(events, tag)[-1][2]).numpy()


def test_figures_curve_and_grid_are_the_models_own(tmp_path):
    data = small_data()
    model = small_model(hidden=8)
    model.compile("adam")
    callback = TensorBoardRetrieval(tmp_path, data.query, data.database, rows=5, k=4)
    history = model.fit(
        data.train.images, data.train.labels, epochs=2, verbose=0, callbacks=[callback]
    ).history
    events = read(tmp_path)

    query, database = (kh.encode(model, part.images) for part in (data.query, data.database))
    report = kh.evaluate(query, data.query.labels, database, data.database.labels, bits=12)
    for tag, expected in (
        ("retrieval/map_expected", report.map),
        ("retrieval/map_best", report.map_best),
        ("retrieval/map_worst", report.map_worst),
        ("retrieval/precision_radius_2", report.precision_radius),
    ):
        found = values(events, tag)
        assert len(found) == 2
        assert found[-1] == pytest.approx(expected, abs=1e-6)
    assert history["val_map"][-1] == pytest.approx(report.map)

    # The curve, counted pair by pair; thresholds rise, so it begins with the largest radius.
    distances = kh.codes.hamming(query, database)
    same = data.query.labels[:, None] == data.database.labels
    curve = values(events, "retrieval/pr_curve_by_radius/pr_curves")[-1]
    for place, radius in enumerate(range(12, -1, -1)):
        within = distances <= radius
        counts = [(a & b).sum() for a in (within, ~within) for b in (same, ~same)]
        true, false, missed, rejected = counts
        np.testing.assert_array_equal(curve[:4, place], [true, false, rejected, missed])
        recall = np.mean((within & same).sum(axis=1) / same.sum(axis=1))
        assert curve[5, place] == pytest.approx(recall, abs=1e-6)
    assert curve.shape == (6, 13)

    # The colours of the frames say which neighbours are right.
    grid = picture(events, "retrieval/neighbours")
    side = 64 + 2 * FRAME
    assert grid.shape == (5 * side, 5 * side + GAP, 3)
    rows = np.sort(np.random.default_rng(0).permutation(len(query))[:5])
    for row, place in enumerate(rows):
        nearest = np.argsort(distances[place], kind="stable")[:4]
        for column, yes in enumerate(same[place][nearest]):
            corner = grid[row * side, (column + 1) * side + GAP]
            assert tuple(corner) == (RIGHT if yes else WRONG)

    signs = kh.codes.unpack(database, 12)
    on = (signs > 0).mean(axis=0)
    assert values(events, "bits/balance")[-1] == pytest.approx(
        np.mean(2 * np.minimum(on, 1 - on)), abs=1e-6
    )
    assert values(events, "bits/dead")[-1] == ((on == 0) | (on == 1)).sum()
    live = signs[:, (on > 0) & (on < 1)].astype(float)
    pairs = np.abs(np.corrcoef(live.T)[~np.eye(live.shape[1], dtype=bool)])
    assert values(events, "bits/correlation")[-1] == pytest.approx(pairs.mean(), abs=1e-5)
    outputs = kh.encoding.outputs(model, data.database.images)
    histogram = values(events, "outputs/all")[-1]
    assert histogram[:, 2].sum() == outputs.size
    assert values(events, "outputs/bimodality")[-1] == pytest.approx(bimodality(outputs), abs=1e-4)
    for tag in ("bits/shares", "bits/correlations", "outputs/by_bit"):
        assert picture(events, tag).shape == (360, 480, 3)
    points = tf.train.load_variable(str(tmp_path), "outputs/.ATTRIBUTES/VARIABLE_VALUE")
    np.testing.assert_allclose(points, outputs, atol=1e-5)
    assert (tmp_path / "metadata.tsv").read_text().split() == [str(c) for c in data.database.labels]
    assert (tmp_path / "sprite.png").is_file()


def test_against_themselves_no_image_is_its_own_neighbour(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 8, 8, 3), np.uint8)
    callback = TensorBoardRetrieval(tmp_path, (images, np.arange(12) % 3), k=20)
    codes = kh.codes.pack(np.ones((12, 4)))  # all the same: ties hide which one is the query
    rows = np.arange(12)
    found = callback._neighbours(codes, codes, rows)
    assert found.shape == (12, 11)
    assert all(sorted({*row, own}) == [*range(12)] for row, own in zip(found, rows, strict=True))
    short = TensorBoardRetrieval(tmp_path, (images, np.arange(12) % 3), k=2)
    assert not (short._neighbours(codes, codes, rows) == rows[:, None]).any()


def test_features_have_figures_but_no_pictures_of_images(tmp_path):
    rng = np.random.default_rng(0)
    items = rng.normal(size=(30, 4)).astype("float32"), np.arange(30) % 3
    model = DHN(bits=8, backbone=None)
    model.compile("adam")
    callback = TensorBoardRetrieval(tmp_path, items, every=2, points=10)
    history = model.fit(*items, epochs=3, verbose=0, callbacks=[callback]).history
    ids, codes = np.arange(30), kh.encode(model, items[0])
    assert len(history["val_map"]) == 1
    tags = read(tmp_path).Tags()["tensors"]
    assert "retrieval/map_expected" in tags
    assert "retrieval/neighbours" not in tags
    assert not (tmp_path / "sprite.png").exists()
    assert len((tmp_path / "metadata.tsv").read_text().split()) == 10
    report = kh.evaluate(
        codes, items[1], codes, items[1], query_ids=ids, database_ids=ids, exclude_self=True
    )
    callback.set_model(model)
    assert callback._evaluate(*callback._encoded()).map == report.map


def test_bimodality_of_known_distributions():
    rng = np.random.default_rng(0)
    assert bimodality(np.array([[-1.0], [1.0], [1.0], [-1.0]])) == pytest.approx(1.0)
    assert bimodality(np.array([[-3.0], [1.0], [1.0], [1.0]])) == pytest.approx(1.0)  # two values
    assert bimodality(rng.uniform(size=(100_000, 1))) == pytest.approx(5 / 9, abs=0.01)
    assert bimodality(rng.normal(size=(100_000, 2))) == pytest.approx(1 / 3, abs=0.01)
    both = np.stack([np.tile([-1.0, 1.0], 4), np.ones(8)], axis=1)
    assert bimodality(both) == pytest.approx(1.0)  # the dead bit is left out
    assert np.isnan(bimodality(np.ones((5, 2))))


def test_mistakes(tmp_path):
    images = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="`query` must be a labelled ImageSet, dataset or"):
        TensorBoardRetrieval(tmp_path, images)
    with pytest.raises(ValueError, match="`labels` must have one row for each of 4"):
        TensorBoardRetrieval(tmp_path, (images, [0, 1, 0, 1]), (images, [0]))
    with pytest.raises(ValueError, match="`k` must be at least 1"):
        TensorBoardRetrieval(tmp_path, (images, [0, 1, 0, 1]), k=0)
