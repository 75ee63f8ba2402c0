import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index.postgres import binary_copy


def test_a_row_by_hand():
    # 12 bits, of which bits 0, 3 and 9 are set.
    packed = np.array([[0b00001001, 0b00000010]], np.uint8)
    data = binary_copy.pack(np.array([258]), packed, np.array([-1]), 12)
    assert data == (
        b"\0\3"  # fields
        b"\0\0\0\x08" + b"\0\0\0\0\0\0\1\2"  # id
        b"\0\0\0\6" + b"\0\0\0\x0c" + bytes([0b10010000, 0b01000000])  # code
        + b"\0\0\0\x08" + b"\xff" * 8  # label
    )  # fmt: skip
    assert binary_copy.HEADER[:11] == b"PGCOPY\n\377\r\n\0"
    assert len(binary_copy.HEADER) == 19
    assert binary_copy.text(packed[0], 12) == "100100000100"


@pytest.mark.parametrize("bits", [1, 8, 20, 64, 4096])
def test_round_trip(bits):
    generator = np.random.default_rng(0)
    packed = codes.pack(2 * generator.integers(0, 2, (30, bits)) - 1)
    ids = generator.permutation(2**40 + np.arange(30))
    rows = [
        binary_copy.pack(ids[part], packed[part], ids[part], bits) for part in ([0], range(1, 30))
    ]
    data = binary_copy.HEADER + b"".join(rows) + binary_copy.TRAILER
    found_ids, found = binary_copy.unpack(data, bits)
    np.testing.assert_array_equal(found_ids, ids)
    np.testing.assert_array_equal(found, packed)
    assert (found_ids.dtype, found.dtype) == (np.int64, np.uint8)
    with pytest.raises(ValueError, match="read-only"):
        found_ids[0] = 1


def test_no_rows():
    ids, packed = binary_copy.unpack(binary_copy.HEADER + binary_copy.TRAILER, 20)
    assert (ids.shape, packed.shape) == ((0,), (0, 3))


def test_text_lists_bits_in_order():
    packed = np.random.default_rng(0).integers(0, 256, (1, 3), dtype=np.uint8)
    expected = "".join(str(packed[0, j // 8] >> j % 8 & 1) for j in range(22))
    assert binary_copy.text(packed[0], 22) == expected
