import numpy as np
import pytest

from keras_hashing import checks


def test_bits():
    assert checks.bits(np.int64(48)) == 48
    assert type(checks.bits(np.int64(48))) is int
    for value in (0, -1, 4097):
        with pytest.raises(ValueError) as error:
            checks.bits(value)
        assert str(error.value) == (
            f"`bits` must be between 1 and 4096; got {value}. Pass the code length, for example 48."
        )
    for value in (48.0, "48", None, True):
        with pytest.raises(TypeError, match=r"`bits` must be a whole number; got .*\("):
            checks.bits(value)


def test_between():
    assert checks.between("share", 0.5, 0.0, 1.0) == 0.5
    assert checks.between("share", np.float32(1), 0.0, 1.0) == 1.0
    with pytest.raises(ValueError, match=r"^`k` must be at least 1; got 0\. Ask for more\.$"):
        checks.between("k", 0, 1, None, "Ask for more.")
    with pytest.raises(ValueError, match=r"^`k` must be at most 3; got 4\.$"):
        checks.between("k", 4, None, 3)
    with pytest.raises(ValueError, match=r"between 0\.0 and 1\.0; got nan"):
        checks.between("share", float("nan"), 0.0, 1.0)
    with pytest.raises(ValueError, match=r"at least 0\.0; got nan"):
        checks.between("share", float("nan"), 0.0, None)
    for value in ("0.5", None, [0.5]):
        with pytest.raises(TypeError, match="`share` must be a number; got"):
            checks.between("share", value, 0.0, 1.0)


def test_cutoffs():
    assert checks.cutoffs("at", [5, np.int64(7)]) == (5, 7)
    assert checks.cutoffs("at", ()) == ()
    for wrong in (1000, "10", None):
        with pytest.raises(TypeError, match="`at` must be a sequence of whole numbers; got .*Pass"):
            checks.cutoffs("at", wrong)
    with pytest.raises(ValueError, match="`at` must be at least 1; got 0"):
        checks.cutoffs("at", (5, 0))


def test_rank():
    checks.rank("features", np.zeros((2, 3)), 2)
    checks.rank("features", (None, 3), 2)
    with pytest.raises(ValueError) as error:
        checks.rank("features", np.zeros((2, 3, 1)), 2, "Pool first.")
    assert str(error.value) == (
        "`features` must have 2 dimension(s); got shape (2, 3, 1). Pool first."
    )


def test_same_length():
    checks.same_length("codes", [1, 2], "labels", [3, 4])
    with pytest.raises(
        ValueError, match="`codes` and `labels` must have one row per item each; got 2 and 1 rows"
    ):
        checks.same_length("codes", [1, 2], "labels", [3])


def test_finite():
    checks.finite("outputs", np.array([1, 2]))
    checks.finite("outputs", np.array([1.0, -0.0]))
    with pytest.raises(ValueError) as error:
        checks.finite("outputs", np.array([[0.0, np.inf], [np.nan, 0.0]]), "Lower the rate.")
    assert str(error.value) == (
        "`outputs` must be finite; got NaN or infinity in 2 value(s), first at index (0, 1). "
        "Lower the rate."
    )


def test_one_of():
    assert checks.one_of("variant", "b", ["dhn", "b"]) == "b"
    with pytest.raises(ValueError) as error:
        checks.one_of("variant", "x", ["dhn", "b"], "See the paper.")
    assert str(error.value) == (
        "`variant` got the unknown value 'x'; allowed: 'dhn', 'b'. See the paper."
    )


def test_one_of_many_lists_the_nearest():
    names = [f"dhn_cifar10_{bits}" for bits in range(10)] + ["csq_mnist_16"]
    with pytest.raises(ValueError, match="did you mean one of 'csq_mnist_16'"):
        checks.one_of("name", "csq_mnst_16", names)
    with pytest.raises(ValueError, match="allowed: 'dhn_cifar10_0', "):
        checks.one_of("name", "§", names)


def test_nearest():
    assert checks.nearest("dhm", ["dhn", "csq"]) == ["dhn"]


def test_codes():
    array = np.array([[255, 3]], np.uint8)
    assert checks.codes("codes", array, 10) is array
    with pytest.raises(TypeError, match="Pack outputs or signs"):
        checks.codes("codes", array.astype(np.float32))
    with pytest.raises(ValueError, match=r"2 dimension\(s\); got shape \(2,\)"):
        checks.codes("codes", array[0])
    with pytest.raises(ValueError, match=r"must be 1 byte\(s\) wide for 8 bits"):
        checks.codes("codes", array, 8)
    with pytest.raises(ValueError, match="bits set beyond bit 9"):
        checks.codes("codes", array, 9)
    for width in (0, 513):
        with pytest.raises(ValueError, match=rf"1 to 512 bytes wide; got shape \(1, {width}\)"):
            checks.codes("codes", np.zeros((1, width), np.uint8))
