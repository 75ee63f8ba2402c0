"""Stage 1 of CNNH against a dense residue over all pairs of items."""

import tracemalloc

import numpy as np
import pytest

from keras_hashing import losses
from keras_hashing.losses import code_factorization
from keras_hashing.losses.code_factorization import (
    descend,
    factorize,
    objective,
    quartic_minimum,
    sweep,
)

MULTI_HOT = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 0]])


class OnlyTheFirst:
    """In place of a random generator: visits entry (0, 0) and no other."""

    def permutation(self, count):
        return np.array([0])


def dense(labels, counts, values):
    """The objective over all pairs of items, each row being `counts` items."""
    items = [row for row, count in enumerate(counts) for _ in range(count)]
    bits, total = len(values[0]), 0.0
    for a in items:
        for b in items:
            if np.ndim(labels[a]) == 0:
                similar = labels[a] == labels[b]
            else:
                similar = a == b or (np.asarray(labels[a]) * labels[b]).any()
            product = sum(float(x) * float(y) for x, y in zip(values[a], values[b], strict=True))
            total += ((bits if similar else -bits) - product) ** 2
    return total


@pytest.mark.parametrize(
    ("labels", "values", "start", "exact", "newton"),
    [
        # f'' = -3.48: Newton's step of -1.879 climbs, and the exact one goes to the other end.
        (
            [0, 0, 1],
            [[0.5, -0.5], [0.2, 0.4], [-0.3, 0.6]],
            31.0223,
            (1.0, -3.3925),
            (-1.0, 4.2075),
        ),
        # f'' = 5.04: the step of 3.722 is clipped to 0.5.
        (
            [0, 0, 1, 0],
            [[0.5, -0.5], [0.9, 0.4], [-0.9, 0.6], [0.8, -0.1]],
            30.4287,
            (1.0, 21.9912 - 30.4287),
            (1.0, 21.9912 - 30.4287),
        ),
    ],
)
@pytest.mark.parametrize("form", ["classes", "multi_hot"])
def test_worked_entries(labels, values, start, exact, newton, form):
    labels = np.eye(2)[labels] if form == "multi_hot" else np.array(labels)
    counts = np.ones(len(labels))
    assert objective(labels, counts, values) == pytest.approx(start, abs=1e-9)
    for step, (entry, change) in (("exact", exact), ("newton", newton)):
        found = np.array(values)
        assert sweep(labels, counts, found, step, OnlyTheFirst()) == pytest.approx(change)
        assert found[0, 0] == entry
        np.testing.assert_array_equal(found.ravel()[1:], np.ravel(values)[1:])
        assert objective(labels, counts, found) == pytest.approx(start + change)


def test_newton_step_inside_the_range_is_that_of_the_dense_derivatives():
    labels, counts = MULTI_HOT, np.array([2, 1, 3, 1, 2, 2])
    inside = 0
    for seed in range(20):
        values = np.random.default_rng(seed).uniform(-1, 1, (6, 3))
        found = values.copy()
        sweep(labels, counts, found, "newton", OnlyTheFirst())
        heights = []
        for x in (-1e-3, 0.0, 1e-3):
            moved = values.copy()
            moved[0, 0] += x
            heights.append(dense(labels, counts, moved))
        slope = (heights[2] - heights[0]) / 2e-3
        curvature = (heights[2] - 2 * heights[1] + heights[0]) / 1e-6
        expected = np.clip(values[0, 0] - slope / curvature, -1, 1)
        assert found[0, 0] == pytest.approx(expected, abs=1e-4)
        inside += abs(expected) < 1
    assert inside > 2


@pytest.mark.parametrize("labels", [np.array([4, 0, 9, 7, 2, 1]), MULTI_HOT])
def test_exact_entry_is_the_best_of_a_dense_grid(labels):
    # Where the other rows have more items, the best entry often lies between the ends.
    counts = np.array([1, 1, 3, 1, 3, 3])
    grid = np.linspace(-1, 1, 41)
    inside = 0
    for seed in range(12):
        values = np.random.default_rng(seed).uniform(-1, 1, (6, 2))
        found = values.copy()
        change = sweep(labels, counts, found, "exact", OnlyTheFirst())
        before, after = dense(labels, counts, values), dense(labels, counts, found)
        assert change == pytest.approx(after - before, abs=1e-9)
        moved = values.copy()
        heights = []
        for entry in grid:
            moved[0, 0] = entry
            heights.append(dense(labels, counts, moved))
        assert after <= min(heights) + 1e-9
        assert after >= min(heights) - 0.5  # the grid is not finer than that
        inside += abs(found[0, 0]) < 1
    assert inside > 2


def test_quartic_minimum_is_the_best_end_or_root():
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.uniform(-6, 6, (400, 2))
    cases = [*(rng.normal(size=(400, 2)) * scales), *rng.uniform(-2, 2, (400, 2))]
    cases += [(0, 0), (1, 0), (-0.25, 0), (-3, 0), (0, 0.125), (0, -0.125), (-0.75, 0.25)]
    inside = 0
    for quadratic, linear in cases:

        def height(y, quadratic=quadratic, linear=linear):
            return y**4 / 4 + quadratic * y**2 / 2 + linear * y

        roots = np.roots([1, 0, quadratic, linear])
        candidates = [-1.0, 1.0, *(r.real for r in roots if abs(r.real) <= 1)]
        best = min(height(y) for y in candidates)
        found = quartic_minimum(quadratic, linear)
        assert -1 <= found <= 1
        assert height(found) == pytest.approx(best, rel=1e-9, abs=1e-15)
        inside += abs(found) < 1
    assert inside > 100
    assert quartic_minimum(-0.25, 0) == quartic_minimum(-0.25, 0, 0.3) == 0.5
    assert quartic_minimum(-0.25, 0, -0.3) == -0.5  # both are least; it stays on its side
    assert quartic_minimum(0, 0.125) == pytest.approx(-0.5)  # y^3 = -1/8


@pytest.mark.parametrize("labels", [np.array([4, 0, 9, 7, 2, 1]), MULTI_HOT])
def test_sweeps_never_rise_and_know_their_change(labels):
    counts, rng = np.array([2, 1, 3, 1, 2, 2]), np.random.default_rng(3)
    values = rng.uniform(-1, 1, (6, 5))
    height = dense(labels, counts, values)
    for step in ("exact", "newton", "exact", "exact"):
        change = sweep(labels, counts, values, step, rng)
        after = dense(labels, counts, values)
        assert change == pytest.approx(after - height, abs=1e-8)
        assert step == "newton" or change <= 1e-9
        assert abs(values).max() <= 1
        height = after


def test_a_newton_sweep_that_climbs_is_undone():
    labels, counts = np.arange(6), np.array([1, 1, 1, 1, 1, 8])
    climbed = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        start = rng.uniform(-1, 1, (6, 3))
        climbed += sweep(labels, counts, start.copy(), "newton", rng) > 0
        rng = np.random.default_rng(seed)
        values = descend(labels, counts, 3, 1, "newton", rng)
        assert dense(labels, counts, values) <= dense(labels, counts, start) + 1e-9
    assert climbed


@pytest.mark.parametrize(("bits", "measured"), [(12, 0.724444), (24, 0.718889), (48, 0.716667)])
def test_ten_equal_classes(bits, measured):
    found = factorize(np.repeat(np.arange(10), 3), bits)
    assert found.signs.shape == (10, bits)
    assert found.signs.dtype == np.int8
    assert set(np.unique(found.signs)) == {-1, 1}
    # (C - 2)^2 / (C (C - 1)) is the least of any real codes.
    assert 64 / 90 < found.residue < 1.01 * measured
    expected = dense(found.labels, np.full(10, 3), found.signs) / (bits * 30) ** 2
    assert found.residue == pytest.approx(expected, abs=1e-12)


def test_few_classes_reach_the_bound():
    two = factorize([0, 1, 1], 8)
    assert two.residue == 0
    np.testing.assert_array_equal(two.signs[0], -two.signs[1])
    # Four classes of three bits: the corners of a tetrahedron, (4 - 2)^2 / (4 * 3).
    four = factorize(np.arange(4), 3)
    assert four.residue == pytest.approx(1 / 3)
    np.testing.assert_array_equal(four.signs @ four.signs.T, 4 * np.eye(4) - 1)


def test_newton_finds_codes_too():
    assert factorize(np.arange(10), 12, step="newton").residue < 0.74


def test_items_with_several_labels():
    labels = np.repeat(MULTI_HOT, [3, 1, 2, 4, 1, 2], axis=0)[::-1]
    found = factorize(labels, 10)
    assert found.labels.dtype == bool
    order = [MULTI_HOT.tolist().index(row) for row in found.labels.astype(int).tolist()]
    assert sorted(order) == list(range(6))
    counts = np.array([3, 1, 2, 4, 1, 2])[order]
    expected = dense(found.labels, counts, found.signs) / (10 * 13) ** 2
    assert found.residue == pytest.approx(expected, abs=1e-12)
    # Better than the best of many random codes, each of which is worse than 1.
    rng = np.random.default_rng(0)
    tries = [objective(found.labels, counts, rng.choice([-1, 1], (6, 10))) for _ in range(300)]
    assert found.residue < min(tries) / 130**2
    similar = found.labels.astype(int) @ found.labels.T.astype(int) > 0
    products = found.signs.astype(int) @ found.signs.T
    off = ~np.eye(6, dtype=bool)
    assert products[similar & off].mean() > products[~similar & off].mean() + 4


def test_one_hot_rows_are_classes():
    labels = np.array([0, 2, 1, 1, 3, 3, 3])
    classes = factorize(labels, 6)
    # Sorted, one-hot rows come in the reverse order of their classes.
    rows = factorize(np.eye(4)[3 - labels], 6)
    np.testing.assert_array_equal(rows.signs, classes.signs)
    assert rows.residue == pytest.approx(classes.residue)


def test_renamed_and_shuffled_items_give_the_same():
    labels = np.array([0, 2, 1, 1, 3, 3, 3])
    expected = factorize(labels, 6)
    renamed = factorize(np.array([3, 10, 500, 2**40])[labels][[4, 1, 0, 6, 2, 5, 3]], 6)
    assert renamed.labels.tolist() == [3, 10, 500, 2**40]
    np.testing.assert_array_equal(renamed.signs, expected.signs)


def test_zeros_become_plus_one(monkeypatch):
    monkeypatch.setattr(code_factorization, "descend", lambda *_: np.zeros((2, 3)))
    assert (factorize([0, 1], 3).signs == 1).all()


@pytest.mark.parametrize("form", ["classes", "multi_hot"])
def test_no_array_of_all_pairs_is_made(form):
    rows, bits = 2000, 2
    labels = np.arange(rows)
    if form == "multi_hot":
        labels = (labels[:, None] >> np.arange(11)) & 1
    tracemalloc.start()
    try:
        factorize(labels, bits, sweeps=1, seeds=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < rows * rows / 2  # bytes; a bool for each pair takes twice that


def test_is_public():
    assert losses.factorize is factorize


def test_refused_arguments():
    with pytest.raises(ValueError, match="`labels` are empty. Pass the label of every"):
        factorize(np.zeros(0, int), 4)
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        factorize([0, 1], 0)
    with pytest.raises(ValueError, match="`step` got the unknown value 'grad'; allowed: 'exact'"):
        factorize([0, 1], 4, step="grad")
    with pytest.raises(ValueError, match="`sweeps` must be at least 1; got 0"):
        factorize([0, 1], 4, sweeps=0)
    with pytest.raises(ValueError, match="`seeds` must be at least 1; got 0"):
        factorize([0, 1], 4, seeds=0)
    with pytest.raises(ValueError, match="`labels` must be at least 0; got -1"):
        factorize([0, -1], 4)
