import json

import numpy as np
import pytest

from keras_hashing.exporting import export, item_names
from tests.exporting.images import BITS, tiny_model

NAMES = ["roses/0.jpg", "Bär “1”.png", "odd\udcff.jpg"]  # the last is a file name not in UTF-8


def test_names_go_with_their_ids(tmp_path):
    codes = np.zeros((3, 2), np.uint8)
    ids = np.array([7, 5, 2**40])
    version = export(tiny_model(), tmp_path / "m", index=codes, ids=ids, names=NAMES)
    assert item_names.read(version) == {7: NAMES[0], 5: NAMES[1], 2**40: NAMES[2]}
    manifest = json.loads((version / "manifest.json").read_text())
    assert "assets.extra/names.json" in manifest["files"]
    assert manifest["bits"] == BITS


def test_without_names_there_are_none(tmp_path):
    assert item_names.read(tmp_path) is None


@pytest.mark.parametrize("text", ['{"1": 2}', '{"x": "a"}', "[]", '{"1": "a"'])
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "assets.extra" / "names.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ValueError, match=r"names\.json is damaged: .*Export the model again"):
        item_names.read(tmp_path)
