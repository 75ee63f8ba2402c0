import numpy as np
import pytest

from keras_hashing import codes, hashers
from keras_hashing.hashers import itq
from keras_hashing.hashers.principal_components import principal_components

FOUR = np.array([[2.0, 1.0], [1.5, 0.5], [-1.0, -2.0], [-2.5, 0.5]])
COS, SIN = np.cos(np.pi / 9), np.sin(np.pi / 9)  # 20 degrees


def loss(projected, rotation):
    rotated = projected @ rotation
    return ((np.where(rotated >= 0, 1, -1) - rotated) ** 2).sum()


@pytest.mark.parametrize(
    ("first", "losses"),
    [
        (np.eye(2), [5.0, 4.909278, 4.909278, 4.909278]),
        (np.array([[COS, -SIN], [SIN, COS]]), [5.469986, 5.459341, 5.459341]),
    ],
)
def test_worked_values(first, losses):
    # From identity: signs (1,1), (1,1), (-1,-1), (-1,1), none of 0.
    found = [loss(FOUR, itq.rotate(FOUR, first, step)) for step in range(len(losses))]
    np.testing.assert_allclose(found, losses, atol=1e-6)


def test_worked_rotation():
    expected = [[0.995893, -0.090536], [0.090536, 0.995893]]
    np.testing.assert_allclose(itq.rotate(FOUR, np.eye(2), 1), expected, atol=1e-6)


def test_zeros_count_as_plus_one():
    # Rows on the axes: each row's other entry is 0 and its sign +1. Loss 1 each, and it stays.
    axes = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert loss(axes, np.eye(2)) == 4
    assert loss(axes, itq.rotate(axes, np.eye(2), 5)) == pytest.approx(4, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_loss_never_rises(seed):
    projected = np.random.default_rng(seed).normal(size=(200, 8)) * np.arange(8, 0, -1)
    rotation = itq.random_rotation(8, seed)
    losses = [loss(projected, rotation)]
    for _ in range(30):
        rotation = itq.rotate(projected, rotation, 1)
        losses.append(loss(projected, rotation))
    assert (np.diff(losses) <= 1e-9 * losses[0]).all()
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(8), atol=1e-12)


def test_random_rotation():
    rotation = itq.random_rotation(5, 3)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(5), atol=1e-12)
    assert not np.allclose(rotation, itq.random_rotation(5, 4))


def test_layer_is_components_then_rotation():
    rows = np.random.default_rng(0).normal(2, 1, (80, 10))
    layer = hashers.ITQ(4, iterations=6, seed=3)
    layer.adapt(rows)
    centred = rows - rows.mean(axis=0)
    components = principal_components(centred.T @ centred, 4)
    rotation = itq.rotate(centred @ components, itq.random_rotation(4, 3), 6)
    np.testing.assert_allclose(layer.get_weights()[1], components @ rotation, atol=1e-5)


def test_keeps_neighbours_better_than_random_directions():
    generator = np.random.default_rng(0)
    labels = np.arange(400) % 8
    rows = generator.normal(0, 4, (8, 12))[labels] + generator.normal(0, 1, (400, 12))
    rows = np.hstack([rows, generator.normal(0, 1, (400, 30))]).astype("float32")
    shares = []
    for layer in (hashers.ITQ(8), hashers.LSH(8)):
        layer.adapt(rows)
        packed = codes.pack(np.asarray(layer(rows)))
        nearest = codes.hamming(packed, packed).argsort(axis=1, kind="stable")[:, :20]
        shares.append((labels[nearest] == labels[:, None]).mean())
    assert shares[0] > 0.8
    assert shares[0] > shares[1] + 0.1


def test_rotation_from_a_sample():
    rows = np.random.default_rng(0).normal(size=(300, 6))
    layer = hashers.ITQ(3, max_samples=40)
    layer.adapt(rows)
    np.testing.assert_allclose(layer.get_weights()[0], rows.mean(axis=0), atol=1e-6)
    projection = layer.get_weights()[1]
    np.testing.assert_allclose(projection.T @ projection, np.eye(3), atol=1e-6)
    components = principal_components(np.cov(rows.T), 3)
    np.testing.assert_allclose(components @ components.T @ projection, projection, atol=1e-5)


@pytest.mark.parametrize(
    ("bits", "rows", "message"),
    [
        (8, np.zeros((50, 6)), "`bits` must be between 1 and 6; got 8. ITQ has a bit per comp"),
        (5, np.eye(6)[:5], "more rows of features than bits, 6 at least; got 5"),
        (5, np.ones((9, 6)), "ITQ needs features that differ; got 9 equal rows"),
        (5, np.full((9, 6), 0.1), "ITQ needs features that differ; got 9 equal rows"),
    ],
)
def test_refused_data(bits, rows, message):
    with pytest.raises(ValueError, match=message):
        hashers.ITQ(bits).adapt(rows)


def test_as_many_rows_as_it_takes():
    layer = hashers.ITQ(6)
    layer.adapt(np.random.default_rng(0).normal(size=(7, 6)))
    assert np.isfinite(layer.get_weights()[1]).all()


def test_refused_arguments():
    with pytest.raises(ValueError, match="`iterations` must be at least 0; got -1"):
        hashers.ITQ(4, iterations=-1)
    with pytest.raises(ValueError, match="`max_samples` must be at least 5; got 4. A rotation"):
        hashers.ITQ(4, max_samples=4)
