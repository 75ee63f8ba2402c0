import numpy as np
import pytest

from keras_hashing.hashers import kernel_bits
from keras_hashing.hashers.kernel_bits import Residue, learn, objective, refine

LABELS = np.array([0, 1, 0, 2, 1, 0, 2, 2])
MULTI_HOT = np.array(
    [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 1, 1]], bool
)
both_forms = pytest.mark.parametrize("labels", [LABELS, MULTI_HOT], ids=["single", "multi"])


def similarity(labels):
    """+1 where two items share a label, also of an item with itself, else -1."""
    rows = labels if labels.ndim == 2 else np.eye(labels.max() + 1)[labels]
    found = -np.ones((len(rows), len(rows)))
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            if any(a and b for a, b in zip(one, other, strict=True)):
                found[i, j] = 1
    return found


def written_out(residue, count):
    return np.column_stack([residue.times(column) for column in np.eye(count)])


def kernel(items=60, anchors=7, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(items) % 3
    centres = 2 * rng.normal(size=(3, 5))
    rows = centres[labels] + rng.normal(size=(items, 5))
    anchor_rows = centres[np.arange(anchors) % 3] + rng.normal(size=(anchors, 5))
    distances = ((rows[:, None] - anchor_rows[None]) ** 2).sum(axis=2)
    values = np.exp(-distances / (2 * distances.mean()))
    return values - values.mean(axis=0), labels


@both_forms
def test_residue_after_each_bit(labels):
    bits = 4
    residue = Residue(labels, bits)
    expected = bits * similarity(labels)
    np.testing.assert_allclose(written_out(residue, 8), expected, atol=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(bits):
        signs = rng.choice([-1.0, 1.0], size=8)
        before = (expected**2).sum()
        gain = signs @ expected @ signs
        residue.subtract(signs)
        expected = expected - np.outer(signs, signs)
        np.testing.assert_allclose(written_out(residue, 8), expected, atol=1e-12)
        assert (expected**2).sum() == pytest.approx(before - 2 * gain + 64)


@both_forms
def test_objective_and_its_gradient(labels):
    residue = Residue(labels, 3)
    inner = np.random.default_rng(1).normal(size=8)
    value, gradient = objective(inner, residue)
    relaxed = 2 / (1 + np.exp(-inner)) - 1
    assert value == pytest.approx(-relaxed @ (3 * similarity(labels)) @ relaxed)
    for place in range(8):
        step = 1e-6 * np.eye(8)[place]
        slope = (objective(inner + step, residue)[0] - objective(inner - step, residue)[0]) / 2e-6
        assert gradient[place] == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_refinement_lowers_the_objective():
    values, labels = kernel()
    residue = Residue(labels, 6)
    for seed in range(5):
        first = np.random.default_rng(seed).normal(size=7)
        refined = refine(values, residue, first)
        start, end = (objective(values @ a, residue)[0] for a in (first, refined))
        assert end < start


def test_first_step_of_the_refinement(monkeypatch):
    # Along the gradient, as far as the quadratic bound of the first doubling that holds allows.
    monkeypatch.setattr(kernel_bits, "_STEPS", 1)
    values, labels = kernel()
    matrix = 6 * similarity(labels)

    def height(projection):
        relaxed = 2 / (1 + np.exp(-values @ projection)) - 1
        return -relaxed @ matrix @ relaxed

    first = np.random.default_rng(0).normal(size=7)
    relaxed = 2 / (1 + np.exp(-values @ first)) - 1
    gradient = -values.T @ (matrix @ relaxed * (1 - relaxed**2))
    bound = 1.0
    while True:
        move = -gradient / bound
        if height(first + move) <= height(first) + gradient @ move + bound / 2 * move @ move:
            break
        bound *= 2
    assert bound > 1
    np.testing.assert_allclose(refine(values, Residue(labels, 6), first), first + move, rtol=1e-9)


def test_refinement_ends_where_nothing_moves():
    values, labels = kernel()
    np.testing.assert_array_equal(refine(values, Residue(labels, 2), np.zeros(7)), np.zeros(7))


def test_first_bit_by_the_generalised_eigenproblem(monkeypatch):
    # Without refinement: the top eigenvector of (K^T K)^-1 K^T R K, scaled to a^T K^T K a = items.
    monkeypatch.setattr(kernel_bits, "refine", lambda kernel, residue, first: first)
    values, labels = kernel()
    found = learn(values, labels, 3)
    scatter = values.T @ values + 1e-6 * np.eye(7)
    residue = 3 * similarity(labels)
    for bit in range(3):
        eigenvalues, vectors = np.linalg.eig(np.linalg.solve(scatter, values.T @ residue @ values))
        best = np.real(vectors[:, np.real(eigenvalues).argmax()])
        best *= np.sqrt(60 / (best @ scatter @ best))
        best *= np.sign(best @ found[:, bit])
        np.testing.assert_allclose(found[:, bit], best, rtol=1e-4, atol=1e-4)
        signs = np.where(values @ found[:, bit] >= 0, 1, -1)
        residue = residue - np.outer(signs, signs)


def test_each_bit_keeps_the_better_of_start_and_refinement(monkeypatch):
    values, labels = kernel()
    seen = []

    def watched(kernel, residue, first, plain=kernel_bits.refine):
        seen.append((first, plain(kernel, residue, first)))
        return seen[-1][1]

    monkeypatch.setattr(kernel_bits, "refine", watched)
    found = learn(values, labels, 8)
    residue, kept = 8 * similarity(labels), []
    for bit, candidates in enumerate(seen):
        signs = [np.where(values @ projection >= 0, 1.0, -1.0) for projection in candidates]
        start, end = (one @ residue @ one for one in signs)
        kept.append(int(end > start))
        np.testing.assert_array_equal(found[:, bit], candidates[kept[-1]])
        residue = residue - np.outer(signs[kept[-1]], signs[kept[-1]])
    assert set(kept) == {0, 1}


@both_forms
def test_inner_products_follow_similarity(labels):
    # As many anchors as items: the kernel can tell all items apart.
    values = np.random.default_rng(0).normal(size=(8, 8))
    signs = np.where(values @ learn(values, labels, 24) >= 0, 1, -1)
    gaps = [
        ((signs[:, :count] @ signs[:, :count].T / count - similarity(labels)) ** 2).mean()
        for count in (1, 24)
    ]
    assert gaps[1] < gaps[0]
    assert np.corrcoef((signs @ signs.T).ravel(), similarity(labels).ravel())[0, 1] > 0.8


def test_equal_anchors():
    values, labels = kernel()
    doubled = np.hstack([values, values])
    assert np.isfinite(learn(doubled, labels, 3)).all()
