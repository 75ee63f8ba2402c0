"""Which array fills which role, wherever it comes from."""

import types

import numpy as np
import pytest

from keras_hashing.auditing import array_names, inputs

RNG = np.random.default_rng(0)
FULL = {
    "database_codes": RNG.integers(0, 256, (5, 2), np.uint8),
    "query_codes": RNG.integers(0, 256, (3, 2), np.uint8),
    "database_labels": np.arange(5),
    "query_labels": np.arange(3),
    "database_ids": np.arange(10, 15),
    "query_ids": np.arange(3),
}
CODES = {key: array for key, array in FULL.items() if key.endswith("codes")}
REST = {key: array for key, array in FULL.items() if key not in CODES}


def gather(**given):
    return inputs.gather(dict.fromkeys(array_names.ROLES) | given)


def key_of(role):
    return role if role.startswith("query") else f"database_{role}"


def assert_all(found):
    for role in array_names.ROLES:
        np.testing.assert_array_equal(found[role], FULL[key_of(role)])


def test_arrays_pass_through():
    given = {role: FULL[key_of(role)] for role in array_names.ROLES}
    found, notes = gather(**given)
    assert all(found[role] is given[role] for role in given) and notes == []


def saved(folder, name, arrays):
    np.savez(folder / name, **arrays)
    return folder / name


@pytest.mark.parametrize("form", ["npz", "str", "dict", "object", "codes and labels"])
def test_all_at_once(tmp_path, form):
    path = saved(tmp_path, "all.npz", FULL)
    if form == "codes and labels":
        given = {"codes": saved(tmp_path, "c.npz", CODES), "labels": saved(tmp_path, "l", REST)}
        given["labels"] = given["labels"].with_suffix(".npz")
    else:
        whole = {"npz": path, "str": str(path), "dict": FULL}
        given = {"codes": whole.get(form, types.SimpleNamespace(**FULL))}
    found, notes = gather(**given)
    assert_all(found)
    if form == "npz":
        assert notes == ["query_codes, labels, query_labels, ids, query_ids came from all.npz too"]


def test_an_entrys_folder_and_its_codes(tmp_path):
    saved(tmp_path, "codes.npz", CODES), saved(tmp_path, "labels.npz", REST)
    for path in (tmp_path, tmp_path / "codes.npz"):
        assert_all(gather(codes=path)[0])


def test_a_file_for_each_role(tmp_path):
    given = {}
    for role in array_names.ROLES:
        given[role] = tmp_path / f"{role}.npy"
        np.save(given[role], FULL[key_of(role)])
    assert_all(gather(**given)[0])


def test_files_of_one_side_need_not_say_so(tmp_path):
    plain = {"codes": "codes", "labels": "labels", "ids": "ids"}
    for side in ("database", "query"):
        saved(tmp_path, f"{side}.npz", {name: FULL[f"{side}_{name}"] for name in plain})
    found, _ = gather(codes=tmp_path / "database.npz", query_codes=tmp_path / "query.npz")
    assert_all(found)


def test_what_is_given_wins(tmp_path):
    path, others = saved(tmp_path, "all.npz", FULL), np.zeros((4, 2), np.uint8)
    found, notes = gather(codes=path, query_codes=others)
    assert found["query_codes"] is others
    assert found["query_labels"] is None and found["labels"] is None
    assert notes[-1] == "ids are not used, since there are none of the other side"
    found, _ = gather(codes=path, labels=np.ones(5))
    assert (found["labels"] == 1).all()
    np.testing.assert_array_equal(found["query_labels"], FULL["query_labels"])


def test_one_array_by_its_shape(tmp_path):
    path = saved(tmp_path, "a.npz", {"x": FULL["database_codes"], "scalar": 3, "flat": [1, 2]})
    np.testing.assert_array_equal(gather(codes=path)[0]["codes"], FULL["database_codes"])


def test_what_a_file_does_not_tell(tmp_path):
    arrays = {"x": np.ones((3, 4)), "w": np.ones((2, 4)), "z": np.array([object()])}
    with pytest.raises(
        ValueError, match=r"a.npz does not tell which of its arrays is `codes`: "
    ) as e:
        gather(codes=saved(tmp_path, "a.npz", arrays))
    assert "'x' (3, 4), 'w' (2, 4), 'z' (pickled, never loaded). Name one codes or" in str(e.value)
    with pytest.raises(ValueError, match="`labels` does not tell which of its arrays is `labels`"):
        gather(codes=np.ones((3, 4)), labels={"x": [1], "w": [2]})
