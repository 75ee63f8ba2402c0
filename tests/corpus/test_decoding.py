import errno

import numpy as np
import pytest

from keras_hashing.corpus import sources
from keras_hashing.corpus.decoding import decoded
from keras_hashing.data import images


def test_batches_hold_the_images_in_order(folder):
    source = sources.open_source(folder)
    parts = [source.cut(0, 5), source.cut(5, 7), source.cut(7, 21)]
    found = list(decoded(parts, 16, 4))
    assert [(part, len(batch)) for part, batch, _ in found] == [
        *((0, 4), (0, 1), (1, 2)),
        *((2, 4), (2, 4), (2, 4), (2, 2)),
    ]
    batch = np.concatenate([batch for _, batch, _ in found])
    items = [item for _, _, items in found for item in items]
    assert (batch.dtype, [item.name for item in items]) == (np.float32, source.names)
    for name, image, item in zip(source.names, batch, items, strict=True):
        if name == "red/05x.jpg":
            assert not image.any()
            assert item.problem.startswith("cannot be read as an image: its content is of no known")
            assert item.content is not None  # it was read
        else:
            assert item.problem is None
            expected = images.resize(images.read_image(folder / name), 16)
            np.testing.assert_array_equal(image, expected)


def test_images_of_the_right_size_are_taken_as_they_are(tmp_path):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ((_, batch, _),) = decoded([sources.open_source(tmp_path)], 16, 4)
    np.testing.assert_array_equal(batch[0], pixels)


class Failing:
    """Fails at the third item."""

    def __len__(self):
        return 6

    def read(self, place):
        if place == 2:
            raise OSError(errno.EIO, "Input/output error", "a.jpg")
        from keras_hashing.corpus.listing import Item

        return Item(str(place), problem="it is not there.")


def test_a_failing_source_raises_its_own_error():
    found = decoded([Failing()], 8, 2)
    _, batch, items = next(found)
    assert not batch.any()
    assert [(item.name, item.content) for item in items] == [("0", None), ("1", None)]
    with pytest.raises(OSError, match="Input/output error") as raised:
        next(found)
    assert raised.value.errno == errno.EIO
