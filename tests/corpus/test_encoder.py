import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.corpus import sources
from keras_hashing.corpus.encoder import Encoder
from keras_hashing.corpus.listing import Item
from keras_hashing.data import images
from tests.corpus.conftest import SIZE


def by_hand(model, paths):
    """Codes of one image after the other."""
    batch = [images.resize(images.read_image(path), SIZE) for path in paths]
    return codes.pack(np.concatenate([model.predict(i[None], verbose=0) for i in batch]))


def test_rows(folder, model):
    source = sources.open_source(folder, label="folder")
    found = list(Encoder(model, 4).encode([(100, source.cut(0, 10)), (110, source.cut(10, 21))]))
    assert [count for count, _ in found] == [4, 4, 2, 4, 4, 3]
    assert [rows is not None for _, rows in found] == [False, False, True, False, False, True]
    first, second = found[2][1], found[5][1]
    assert first.ids.tolist() == list(range(100, 110))
    assert second.ids.tolist() == [110, *range(112, 121)]  # 05x.jpg has no code
    assert second.broken[0][:2] == (111, "red/05x.jpg")
    assert second.sources == [name for name in source.names[10:] if name != "red/05x.jpg"]
    assert second.labels.tolist() == [1] * 10
    assert (first.labels.dtype, first.labels.tolist()) == (np.int32, [0] * 7 + [1] * 3)
    expected = by_hand(model, [folder / name for name in second.sources])
    np.testing.assert_array_equal(second.codes, expected)


@pytest.mark.parametrize("batch_size", [1, 64])
def test_batch_size_does_not_change_codes(folder, model, batch_size):
    source = sources.open_source(folder)
    ((_, rows),) = [pair for pair in Encoder(model, batch_size).encode([(0, source)]) if pair[1]]
    expected = by_hand(model, [folder / name for name in rows.sources])
    np.testing.assert_array_equal(rows.codes, expected)
    assert rows.labels is None
    assert rows.features is None


@pytest.mark.parametrize("kind", ["float16", "float32"])
def test_features_are_the_backbones(folder, model, kind):
    source = sources.open_source(folder).cut(0, 9)
    *_, (_, rows) = Encoder(model, 4, kind).encode([(0, source)])
    paths = [folder / name for name in rows.sources]
    batch = np.stack([images.resize(images.read_image(path), SIZE) for path in paths])
    expected = model.backbone.predict(batch, verbose=0)
    assert rows.features.dtype == kind
    np.testing.assert_allclose(rows.features, expected, rtol=2e-3, atol=1e-4)
    np.testing.assert_array_equal(rows.codes, by_hand(model, paths))


def constant_model(value):
    inputs = keras.Input((SIZE, SIZE, 3))
    outputs = keras.layers.Lambda(lambda x: x[:, 0, 0, :2] * 0 + value)(inputs)
    model = keras.Model(inputs, outputs)
    model.bits, model.image_size = 2, SIZE
    return model


def test_outputs_that_are_not_finite(folder):
    encoder = Encoder(constant_model(float("nan")), 4)
    with pytest.raises(ValueError, match="`outputs` must be finite; .* Check the model's weights"):
        list(encoder.encode([(0, sources.open_source(folder))]))


class Unreadable:
    """Images of which none, or all but the first, can be read."""

    classes = None

    def __init__(self, count, first=None):
        self.count, self.first = count, first

    def __len__(self):
        return self.count

    def read(self, place):
        if place == 0 and self.first is not None:
            return Item("first", content=self.first)
        return Item(f"i{place}", problem="it may not be read: Permission denied.")


def test_a_part_of_which_nothing_can_be_read_is_a_failed_source(model, jpegs):
    encoder = Encoder(model, 4)
    with pytest.raises(OSError, match="none of 10 images .* the first i0: it may not be read"):
        list(encoder.encode([(0, Unreadable(10))]))
    *_, (_, rows) = encoder.encode([(0, Unreadable(10, first=jpegs[0]))])
    assert (rows.ids.tolist(), len(rows.broken)) == ([0], 9)
    *_, (_, rows) = encoder.encode([(0, Unreadable(9))])
    assert (rows.codes.shape, len(rows.broken)) == ((0, 2), 9)


def test_batch_size_is_checked(model):
    with pytest.raises(ValueError, match="`batch_size` must be at least 1; got 0"):
        Encoder(model, 0)
