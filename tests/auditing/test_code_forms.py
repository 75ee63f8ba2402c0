"""Forms of codes, each brought to the same packed bytes, and forms that are refused."""

import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.auditing import code_forms

RNG = np.random.default_rng(0)
SIGNS = RNG.choice([-1, 1], (30, 12))
BITS = (SIGNS > 0).astype(int)
PACKED = codes.pack(SIGNS)  # two bytes an item


@pytest.mark.parametrize("bits", [None, 12])
@pytest.mark.parametrize("dtype", ["int8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("form", [SIGNS, BITS])
def test_signs_and_bits_of_any_type(form, dtype, bits):
    found, length, note = code_forms.packed("codes", form.astype(dtype), bits)
    np.testing.assert_array_equal(found, PACKED)
    assert (length, note) == (12, None)


def test_bool_lists_and_tensors():
    for form in (BITS > 0, SIGNS.tolist(), keras.ops.convert_to_tensor(SIGNS.astype("float32"))):
        np.testing.assert_array_equal(code_forms.packed("codes", form)[0], PACKED)
    half = keras.ops.cast(SIGNS, "bfloat16")
    np.testing.assert_array_equal(code_forms.packed("codes", half)[0], PACKED)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float64"])
def test_packed_bytes(dtype):
    found, bits, note = code_forms.packed("codes", PACKED.astype(dtype), 12)
    np.testing.assert_array_equal(found, PACKED)
    assert found.dtype == np.uint8 and bits == 12
    assert (note is None) == (dtype == "uint8")
    assert code_forms.packed("codes", PACKED)[1] == 16


def test_uint8_of_0_and_1():
    unpacked = BITS.astype(np.uint8)
    found, bits, note = code_forms.packed("codes", unpacked)
    np.testing.assert_array_equal(found, PACKED)
    assert bits == 12
    assert note == (
        "`codes` hold only 0 and 1: taken as unpacked, a bit a column, 12 bits; if they are "
        "packed bytes, give the code length, up to 96 bits"
    )
    assert code_forms.packed("codes", unpacked, 12)[1:] == (12, None)


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_bits_that_fit_packed_bytes_decide(dtype):
    for length in (89, 96):
        found, bits, _ = code_forms.packed("codes", BITS.astype(dtype), length)
        np.testing.assert_array_equal(found, BITS)
        assert bits == length


def test_all_zero_bytes_stay_packed():
    zeros = np.zeros((3, 6), np.uint8)
    found, bits, note = code_forms.packed("codes", zeros)
    assert found.shape == (3, 6) and bits == 48
    assert "all 0: taken as packed bytes; if each column is a bit, give the code length, 6" in note
    assert code_forms.packed("codes", zeros, 6)[0].shape == (3, 1)


def test_zeros_among_signs_are_told():
    signs = SIGNS.astype("float32")
    signs[0, :2] = 0  # what torch.sign makes of 0
    found, _, note = code_forms.packed("codes", signs)
    np.testing.assert_array_equal(found, codes.pack(signs))
    assert note == "`codes` hold 2 zeros among -1 and +1: taken as +1"


def test_in_parts(monkeypatch):
    monkeypatch.setattr(code_forms, "_ROWS", 7)
    np.testing.assert_array_equal(code_forms.packed("codes", SIGNS)[0], PACKED)
    mixed = BITS.astype(np.uint8)
    mixed[-1, -1] = 2
    assert code_forms.packed("codes", mixed)[1] == 96


@pytest.mark.parametrize(
    ("array", "bits", "kind", "words"),
    [
        (SIGNS * 0.3, None, ValueError, r"got float64 from -0.3 to 0.3. For outputs, pass `keras_"),
        (SIGNS.astype("uint8"), None, ValueError, "only 1 and 255: signs .* cast to uint8"),
        (PACKED.astype("int8"), None, ValueError, r"int8, pass `codes.view\('uint8'\)`"),
        (PACKED.view("uint16"), None, ValueError, "For words of packed bits, pass"),
        (SIGNS, 16, ValueError, r"16 columns of signs or bits, or 2 of packed bytes.*\(30, 12\)"),
        (PACKED, 40, ValueError, r"must be 5 byte\(s\) wide for 40 bits; got shape \(30, 2\)"),
        (SIGNS * np.nan, None, ValueError, "must be finite"),
        (SIGNS.astype(str), None, TypeError, "must be packed codes of dtype uint8, signs or bits"),
        (SIGNS[0], None, ValueError, r"must have 2 dimension\(s\); got shape \(12,\)"),
        (SIGNS[:0], None, ValueError, "`codes` is empty: there is nothing to audit"),
        (np.ones((2, 4097)), None, ValueError, "`columns of codes` must be between 1 and 4096"),
        (np.packbits(BITS, axis=1), 12, ValueError, "highest bit first, as `numpy.packbits` does"),
        (PACKED | 128, 12, ValueError, "bits set beyond bit 12"),
    ],
)
def test_refused(array, bits, kind, words):
    with pytest.raises(kind, match=words):
        code_forms.packed("codes", array, bits)
