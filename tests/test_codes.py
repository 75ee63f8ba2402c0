import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies
from hypothesis.extra import numpy as arrays

from keras_hashing import codes
from tests import reference

FIRST = np.array([1, -1, 1, 1, -1, -1, -1, 1, 1, -1])
SECOND = np.array([1, 1, 1, -1, -1, -1, 1, 1, -1, -1])


@strategies.composite
def sign_pairs(draw, most=140):
    """Two sets of signs of one width."""
    bits = draw(strategies.integers(1, most))
    one = draw(strategies.integers(0, 5))
    other = draw(strategies.integers(0, 5))
    elements = strategies.sampled_from([-1, 1])
    return tuple(
        draw(arrays.arrays(np.int8, (count, bits), elements=elements)) for count in (one, other)
    )


def test_worked_codes():
    # Bits 0, 2, 3 and 7 of the first byte: 1 + 4 + 8 + 128 = 141; bit 8 is bit 0 of the second.
    packed = codes.pack(np.stack([FIRST, SECOND]))
    np.testing.assert_array_equal(packed, [[141, 1], [199, 0]])
    assert packed.dtype == np.uint8
    # 141 and 199 differ in bits 1, 3 and 6 (0b01001010), the second bytes in one more.
    assert 141 ^ 199 == 0b01001010
    distances = codes.hamming(packed[:1], packed[1:])
    np.testing.assert_array_equal(distances, [[4]])
    assert FIRST @ SECOND == 10 - 2 * 4
    assert distances.dtype == np.int32


def test_zero_and_minus_zero_are_plus():
    np.testing.assert_array_equal(codes.signs(np.array([0.0, -0.0, -1e-30, 1e-30])), [1, 1, -1, 1])
    np.testing.assert_array_equal(codes.pack(np.zeros((1, 3))), [[7]])


@hypothesis.given(sign_pairs())
def test_pack_and_unpack_are_inverse(pair):
    for signs in pair:
        bits = signs.shape[1]
        packed = codes.pack(signs)
        assert packed.shape == (len(signs), -(-bits // 8))
        np.testing.assert_array_equal(codes.unpack(packed, bits), signs)
        np.testing.assert_array_equal(codes.pack(0.3 * signs), packed)
        expected = np.packbits(signs > 0, axis=-1, bitorder="little")
        np.testing.assert_array_equal(packed, expected)


@hypothesis.given(sign_pairs(most=40))
def test_distance_counts_unequal_bits(pair):
    query, database = pair
    bits = query.shape[1]
    packed = codes.pack(query), codes.pack(database)
    distances = codes.hamming(*packed)
    np.testing.assert_array_equal(
        distances, (query[:, None] != database[None]).sum(axis=-1, dtype=np.int32)
    )
    loops = reference.hamming(*packed, bits)
    np.testing.assert_array_equal(distances, loops.reshape(distances.shape))
    inner_products = query.astype(int) @ database.T.astype(int)
    np.testing.assert_array_equal(inner_products, bits - 2 * distances)


def test_distance_in_several_blocks(monkeypatch):
    random = np.random.default_rng(0)
    query = random.integers(0, 256, (17, 13), dtype=np.uint8)
    database = random.integers(0, 256, (5, 13), dtype=np.uint8)
    monkeypatch.setattr(codes, "_BLOCK_PAIRS", 20)
    np.testing.assert_array_equal(
        codes.hamming(query, database), reference.hamming(query, database, 104)
    )


@pytest.mark.parametrize("width", [1, 7, 8, 9, 512])
def test_words_keep_distances(width):
    random = np.random.default_rng(width)
    packed = random.integers(0, 256, (4, width), dtype=np.uint8)
    words = codes.words(packed)
    assert words.shape == (4, -(-width // 8))
    assert words.dtype == np.uint64
    bits_set = np.bitwise_count(words).sum(axis=1, dtype=int)
    np.testing.assert_array_equal(bits_set, np.bitwise_count(packed).sum(axis=1, dtype=int))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_tensors_of_any_float_type(dtype):
    outputs = keras.ops.cast([[-0.5, 0.0, 2.0]], dtype)
    np.testing.assert_array_equal(codes.pack(outputs), [[6]])


def test_widest_code():
    outputs = np.ones((1, 4096))
    assert codes.pack(outputs).shape == (1, 512)
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 4097"):
        codes.pack(np.ones((1, 4097)))


def test_refused_outputs():
    with pytest.raises(ValueError, match=r"`outputs` must be finite.*first at index \(1, 0\)"):
        codes.pack(np.array([[1.0, 2.0], [np.nan, 1.0]]))
    with pytest.raises(TypeError, match=r"got bool\. For bits 0 and 1 pass"):
        codes.pack(np.ones((1, 3), bool))
    with pytest.raises(TypeError, match="got uint8"):
        codes.pack(np.ones((1, 3), np.uint8))
    with pytest.raises(ValueError, match="must be signs, -1 or \\+1; got other values"):
        codes.pack(np.array([[0, 1]]))
    with pytest.raises(ValueError, match=r"must have 2 dimension\(s\); got shape \(3,\)"):
        codes.pack(np.ones(3))
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        codes.pack(np.ones((2, 0)))
    with pytest.raises(TypeError, match="must be floats, or integers -1 and"):
        codes.pack(np.array([["a", "b"]]))


def test_refused_codes():
    packed = codes.pack(FIRST[None])
    with pytest.raises(ValueError, match=r"2 byte\(s\) wide for 16 bits; got shape \(1, 1\)"):
        codes.unpack(packed[:, :1], 16)
    with pytest.raises(ValueError, match="bits set beyond bit 10; padding must be 0"):
        codes.unpack(packed | np.uint8(128), 10)
    with pytest.raises(TypeError, match="`codes` must be packed codes of dtype uint8; got int64"):
        codes.unpack(packed.astype(int), 10)
    with pytest.raises(TypeError, match=r"`bits` must be a whole number; got 10\.0"):
        codes.unpack(packed, 10.0)
    with pytest.raises(ValueError, match="of one width; got 2 and 1 bytes"):
        codes.hamming(packed, packed[:, :1])
    with pytest.raises(ValueError, match="1 to 512 bytes wide"):
        codes.hamming(packed[:, :0], packed[:, :0])


@hypothesis.given(strategies.integers(1, 70), strategies.data())
def test_prefix_is_the_first_bits(bits, data):
    length = data.draw(strategies.integers(1, bits))
    signs = np.random.default_rng(bits).choice([-1, 1], (4, bits))
    found = codes.prefix(codes.pack(signs), bits, length)
    np.testing.assert_array_equal(found, codes.pack(signs[:, :length]))


def test_prefix_errors():
    with pytest.raises(ValueError, match="`length` must be between 1 and 9; got 10"):
        codes.prefix(np.zeros((1, 2), np.uint8), 9, 10)


RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(20, 16))


@pytest.mark.parametrize(
    ("outputs", "hint"),
    [
        (np.array([[0.0, 1.0]]), "Bits 0 and 1, and probabilities"),
        ((LOGITS > 0).astype("float32"), "have theirs at 0.5"),
        ((LOGITS > 0).astype("float16"), "have theirs at 0.5"),
        (1 / (1 + np.exp(-LOGITS)), "have theirs at 0.5: pass `outputs - 0.5`"),
        (1 / (1 + np.exp(-9 * LOGITS)), "have theirs at 0.5"),  # saturated
        (1 / (1 + np.exp(-LOGITS / 9)), "have theirs at 0.5"),  # all close to 0.5
        (1 / (1 + np.exp(-LOGITS[:1, :1] * np.ones((4, 16)) - LOGITS[:4])), "have theirs at 0.5"),
        (keras.ops.sigmoid(LOGITS), "have theirs at 0.5"),
        (keras.ops.cast(keras.ops.sigmoid(LOGITS), "bfloat16"), "have theirs at 0.5"),
        (1 / (1 + np.exp(-LOGITS[:, :9])), "have theirs at 0.5"),
        (RANDOM.random((1, 64)), "have theirs at 0.5"),
        (1 / (1 + np.exp(6 - 9 * LOGITS)), "have theirs at 0.5"),  # a tenth are on
        (1 / (1 + np.exp(-9 * LOGITS.reshape(-1, 1))), "have theirs at 0.5"),  # of one bit
        (keras.ops.softmax(LOGITS), "have theirs at 0.5"),
        (255.0 * (LOGITS > 0), "before the ReLU"),
        (np.maximum(LOGITS, 0) * 3, "before the ReLU"),
        (np.abs(LOGITS), "before the ReLU, or subtract their threshold"),
        (np.log1p(np.exp(LOGITS)), "before the ReLU"),
    ],
)
def test_floats_with_another_threshold(outputs, hint):
    for function in (codes.signs, codes.pack):
        with pytest.raises(ValueError, match="none is negative, so that all bits would be on") as e:
            function(outputs)
        assert hint in str(e.value)


@pytest.mark.parametrize(
    "outputs",
    [
        np.ones((40, 32)),  # signs, all +1
        np.zeros((40, 32)),  # a dead model
        np.full((40, 32), 0.2),
        np.abs(LOGITS[:1, :8]),  # few values: chance
        np.tanh(2 + 0.5 * LOGITS),  # a class whose code is all +1
        np.abs(3 + 0.5 * np.resize(LOGITS, (100, 64))),
        np.array([[0.0, 0.7], [1.0, 0.2]]),
        np.tile(np.abs(LOGITS[:1]), (99, 1)) + 1e-3,  # one code for all, some bits close to 0
        0.3 + 0.05 * np.resize(LOGITS, (200, 1)),  # one bit that does not change
        np.zeros((0, 8)),
    ],
)
def test_codes_that_are_all_on(outputs):
    assert (codes.signs(outputs) == 1).all()
    assert codes.pack(outputs).shape == (len(outputs), -(-outputs.shape[1] // 8))


def test_one_negative_value_makes_outputs():
    outputs = np.abs(LOGITS)
    outputs[3, 5] = -1e-3
    assert (codes.signs(outputs) == -1).sum() == 1
