import json

from keras_hashing.corpus import quarantine, shards
from tests.corpus.test_shards import MANIFEST, rows


def test_all_shards_in_one_file(tmp_path):
    (tmp_path / "quarantine.jsonl").write_text("of an earlier run\n")
    shards.write(tmp_path, MANIFEST, 0, rows(broken=[(1, "grün.jpg", "no image.")]))
    shards.write(tmp_path, MANIFEST, 1, rows((5,), [(6, "c", "x"), (7, "d", "y")]))
    assert quarantine.write(tmp_path, MANIFEST) == 3
    lines = (tmp_path / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines[0] == '{"id": 1, "source": "grün.jpg", "reason": "no image."}'
    assert [json.loads(line)["id"] for line in lines] == [1, 6, 7]


def test_none(tmp_path):
    manifest = {**MANIFEST, "items": 4}
    shards.write(tmp_path, manifest, 0, rows((0, 1, 2, 3), []))
    assert quarantine.write(tmp_path, manifest) == 0
    assert (tmp_path / "quarantine.jsonl").read_text() == ""
