"""Names that people give to the arrays of a file."""

import pytest

from keras_hashing.auditing.array_names import roles

FULL = ("query_codes", "query_labels", "codes", "labels")


@pytest.mark.parametrize(
    "names",
    [
        ("query_codes", "query_labels", "database_codes", "database_labels"),
        ("val_code", "val_labels", "database_code", "database_labels"),  # HashNet
        ("tst_binary", "tst_label", "trn_binary", "trn_label"),  # DeepHash-pytorch
        ("qB", "qL", "rB", "rL"),  # DPSH and DCMH
        ("B_tst", "L_tst", "B_db", "L_db"),
        ("testCodes", "testLabels", "galleryCodes", "galleryLabels"),
        ("QUERY-CODES", "QUERY-TARGETS", "codes", "targets"),
    ],
)
def test_codes_and_labels(names):
    assert roles(names) == dict(zip(FULL, names, strict=True))


def test_ids():
    names = ["database_ids", "query_paths", "label_ids"]
    assert roles(names) == {"ids": names[0], "query_ids": names[1], "labels": names[2]}


def test_training_codes_stand_in_for_a_database_only():
    assert roles(["train_codes", "query_codes"])["codes"] == "train_codes"
    assert roles(["train_codes", "train_labels", "codes"]) == {"codes": "codes"}


def test_other_names_have_no_role():
    assert roles(["x", "features", "__version__", "testing", "mAP"]) == {}


def test_two_of_one_role():
    with pytest.raises(ValueError, match="two arrays are codes of the database: 'dbB' and 'rB'"):
        roles(["dbB", "rB"])
    with pytest.raises(ValueError, match="two arrays are labels: 'labels' and 'y'"):
        roles(["labels", "y"])
