import hashlib

import numpy as np
import pytest

from keras_hashing import data
from keras_hashing.data import multi_fashion, tfds_files

SMALL = {"query": 300, "training": 1000, "database": 1500}


def marked_split(count, seed):
    """28 x 28 images without a black pixel that tell their class and their position."""
    labels = np.random.default_rng(seed).integers(0, 10, count)
    images = np.empty((count, 28, 28, 1), np.uint8)
    images[:] = 20 * (labels[:, None, None, None] + 1)
    images[:, 0, 0, 0] = 1 + np.arange(count) // 200
    images[:, 0, 1, 0] = 1 + np.arange(count) % 200
    return data.ImageSet(images, labels)


@pytest.fixture(scope="module")
def source():
    return marked_split(900, 0), marked_split(400, 1)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(multi_fashion, "SIZES", SMALL)


def items_of(canvas):
    """Slow truth: (quadrant, row, column, class, position) of each item, read off the pixels."""
    found = []
    for quadrant, (top, left) in enumerate([(0, 0), (0, 32), (32, 0), (32, 32)]):
        pixels = canvas[top : top + 32, left : left + 32, 0]
        rows, columns = pixels.any(axis=1).nonzero()[0], pixels.any(axis=0).nonzero()[0]
        if not len(rows):
            continue
        row, column = rows[0], columns[0]
        item = pixels[row : row + 28, column : column + 28]
        assert (len(rows), len(columns), (item == 0).sum()) == (28, 28, 0)  # whole, and alone
        position = 200 * (int(item[0, 0]) - 1) + int(item[0, 1]) - 1
        found.append((quadrant, row, column, int(item[14, 14]) // 20 - 1, position))
    return found


def chi_square(counts, chances):
    expected = np.asarray(chances) / np.sum(chances) * np.sum(counts)
    return float(((counts - expected) ** 2 / expected).sum())


def test_labels_are_the_classes_on_the_canvas(source, small):
    made = multi_fashion.make(*source)
    assert list(made) == ["query", "training", "database"]
    for name, part in made.items():
        assert part.images.shape == (SMALL[name], 64, 64, 1)
        assert part.images.dtype == part.labels.dtype == np.uint8
        assert part.labels.shape == (SMALL[name], 10)
        assert part.ids[[0, -1]].tolist() == [f"{name}_00000", f"{name}_{SMALL[name] - 1:05d}"]
        split = source[name == "query"]
        for canvas, label in zip(part.images, part.labels, strict=True):
            items = items_of(canvas)
            assert 1 <= len(items) <= 4
            assert np.flatnonzero(label).tolist() == sorted({item[3] for item in items})
            assert all(split.labels[item[4]] == item[3] for item in items)


def test_the_sets_share_no_image(source, small):
    made = multi_fashion.make(*source)
    used = {
        name: {item[4] for canvas in part.images for item in items_of(canvas)}
        for name, part in made.items()
    }
    assert used["training"] <= set(range(0, 900, 5))
    assert used["database"] <= set(range(900)) - set(range(0, 900, 5))
    # Most of the 400, 180 and 720 images of the pools are on some canvas.
    assert len(used["query"]) > 200
    assert len(used["training"]) > 160
    assert len(used["database"]) > 500


def test_frequencies(source, small):
    items = [
        items_of(canvas) for part in multi_fashion.make(*source).values() for canvas in part.images
    ]
    counts = np.bincount([len(found) for found in items], minlength=5)
    assert chi_square(counts[1:], np.ones(4)) < 16.3  # chance 0.001, 3 degrees of freedom
    quadrant, row, column, label, _ = np.array([item for found in items for item in found]).T
    assert chi_square(np.bincount(label, minlength=10), 1 / np.arange(1, 11)) < 27.9  # 9 degrees
    assert chi_square(np.bincount(quadrant), np.ones(4)) < 16.3
    for moves in (row, column):
        assert (
            chi_square(np.bincount(moves, minlength=5), np.ones(5)) < 18.5
        )  # 0 to 4 pixels, 4 degrees
    first = label[np.cumsum([0] + [len(found) for found in items[:-1]])]
    assert chi_square(np.bincount(first, minlength=10), 1 / np.arange(1, 11)) < 27.9


def test_classes_by_rank():
    # 1 + 1/2 + ... + 1/10 = 7381/2520, so class c has 2520 / 7381 / (c + 1) of 7,381 even draws.
    classes = multi_fashion.draw_classes((np.arange(7381) + 0.5) / 7381)
    assert np.bincount(classes).tolist() == [2520, 1260, 840, 630, 504, 420, 360, 315, 280, 252]
    edges = multi_fashion.draw_classes(np.array([[0.0, 0.3414], [0.3415, 1 - 2**-53]]))
    assert edges.tolist() == [[0, 0], [1, 9]]


def test_the_seed_decides(source, small):
    first, again, other = (multi_fashion.make(*source, seed=seed) for seed in (0, 0, 1))
    for name in SMALL:
        np.testing.assert_array_equal(first[name].images, again[name].images)
        np.testing.assert_array_equal(first[name].labels, again[name].labels)
        assert (first[name].labels != other[name].labels).any()
    # PCG64(0) begins 0.637 0.270 0.041 0.017 0.813: of 4 that is 3, 2, 1, 1 and 4 items.
    assert [len(items_of(canvas)) for canvas in first["query"].images[:5]] == [3, 2, 1, 1, 4]


def test_other_images_are_refused(source, small):
    train, test = source
    wide = data.ImageSet(np.zeros((20, 32, 32, 1), np.uint8), np.arange(20) % 10)
    with pytest.raises(ValueError, match=r"shape \(n, 28, 28, 1\); got \(20, 32, 32, 1\). Pass"):
        multi_fashion.make(train, wide)
    without = train.subset(np.flatnonzero(train.labels != 3))
    with pytest.raises(ValueError, match=r"class 3 has no image for the training canvases. Check"):
        multi_fashion.make(without, test)


@pytest.fixture
def asked(source, small, monkeypatch):
    """Made splits in place of Fashion-MNIST; the folders that they were read from."""
    folders = []

    def read(tfds_name, data_dir):
        assert tfds_name == "fashion_mnist:3.*.*"
        folders.append(str(data_dir))
        return (*source, [])

    monkeypatch.setattr(tfds_files, "read", read)
    return folders


def test_the_sets_are_made_once_and_kept(source, asked, monkeypatch, tmp_path):
    made = multi_fashion.make(*source)
    digests = {name: multi_fashion.digest(part.labels) for name, part in made.items()}
    monkeypatch.setattr(multi_fashion, "DIGESTS", digests)
    for _ in range(2):
        kept = multi_fashion.read(tmp_path)
        assert list(kept) == list(made)
        for name, part in made.items():
            np.testing.assert_array_equal(kept[name].images, part.images)
            np.testing.assert_array_equal(kept[name].labels, part.labels)
            assert kept[name].labels.dtype == np.uint8
            assert kept[name].ids.tolist() == part.ids.tolist()
    assert asked == [str(tmp_path)]
    assert (tmp_path / "multi_fashion" / "1.0.0" / "dataset_info.json").is_file()
    other = {**digests, "training": "0" * 64}
    monkeypatch.setattr(multi_fashion, "DIGESTS", other)
    with pytest.raises(RuntimeError, match=r"The training labels of .* not the published 0000"):
        multi_fashion.read(tmp_path)


def test_other_labels_are_not_kept(asked, tmp_path):
    message = r"query labels of multifashion have SHA-256 \w{64}, not the published f4706969.*draws"
    with pytest.raises(RuntimeError, match=message):
        multi_fashion.read(tmp_path)
    assert asked == [str(tmp_path)]
    assert not (tmp_path / "multi_fashion" / "1.0.0").exists()


def test_digest_is_that_of_the_rows():
    labels = np.array([[0, 1], [1, 1]], bool)
    assert multi_fashion.digest(labels) == hashlib.sha256(b"\0\1\1\1").hexdigest()


@pytest.mark.data
def test_real_canvases_are_the_published_ones(real_data):
    train, test, names = tfds_files.read(multi_fashion.SOURCE, real_data)
    assert tuple(names) == multi_fashion.CLASS_NAMES
    made = multi_fashion.make(train, test)
    assert {name: len(part) for name, part in made.items()} == multi_fashion.SIZES
    multi_fashion.check_draw(made)
    # Of 1 to 4 items one is a T-shirt, whose chance is .3414, on .608 of the canvases.
    assert made["database"].labels[:, 0].mean() == pytest.approx(0.608, abs=0.01)
