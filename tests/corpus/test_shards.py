import json
import shutil

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from keras_hashing.corpus import shards
from keras_hashing.corpus.encoder import Rows

MANIFEST = {
    "format": "keras_hashing corpus 1",
    "model": "tiny",
    "weights_sha256": "abc",
    "bits": 12,
    "label": "folder",
    "features": "float16",
    "items": 8,
    "shard_size": 5,
}


def rows(ids=(0, 2, 3, 4), broken=((1, "b.jpg", "no image."),)):
    count = len(ids)
    return Rows(
        ids=np.array(ids, np.int64),
        sources=[f"{i}.jpg" for i in ids],
        codes=np.arange(2 * count, dtype=np.uint8).reshape(count, 2) % 16,
        labels=np.arange(count, dtype=np.int32),
        features=np.arange(3 * count, dtype=np.float16).reshape(count, 3),
        broken=list(broken),
    )


@pytest.fixture
def path(tmp_path):
    shards.write(tmp_path, MANIFEST, 0, rows())
    return tmp_path / "part-00000.parquet"


def read(path, *columns, number=0, manifest=MANIFEST):
    return shards.read(path.parent, manifest, number, list(columns or ["code"]))


def test_the_file(path):
    """As anyone's parquet reader sees it."""
    table = pyarrow.parquet.read_table(path)
    assert table.schema.names == ["id", "source", "code", "label", "features"]
    assert [str(kind) for kind in table.schema.types] == [
        "int64",
        "string",
        "fixed_size_binary[2]",
        "int32",
        "fixed_size_list<element: halffloat>[3]",
    ]
    assert not any(table.schema.field(name).nullable for name in table.schema.names)
    assert table.to_pylist()[1] == {
        "id": 2,
        "source": "2.jpg",
        "code": b"\x02\x03",
        "label": 1,
        "features": [3.0, 4.0, 5.0],
    }
    assert json.loads(table.schema.metadata[b"keras_hashing"]) == {**MANIFEST, "part": 0}
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_round_trip(path):
    found = read(path, "id", "code", "label", "features", "source")
    written = rows()
    np.testing.assert_array_equal(found["id"], written.ids)
    np.testing.assert_array_equal(found["code"], written.codes)
    np.testing.assert_array_equal(found["label"], written.labels)
    np.testing.assert_array_equal(found["features"], written.features)
    assert found["features"].dtype == np.float16
    assert found["source"].tolist() == written.sources
    assert shards.footer(path.parent, MANIFEST, 0) == (4, [(1, "b.jpg", "no image.")])


def test_codes_of_one_chunk_are_not_copied():
    codes = np.arange(20, dtype=np.uint8)
    array = pyarrow.FixedSizeBinaryArray.from_buffers(
        pyarrow.binary(2), 10, [None, pyarrow.py_buffer(codes)]
    )
    found = shards._to_numpy(pyarrow.chunked_array([array[3:6]]))
    np.testing.assert_array_equal(found, codes.reshape(10, 2)[3:6])
    assert np.shares_memory(found, codes)
    both = shards._to_numpy(pyarrow.chunked_array([array[3:6], array[:1]]))
    np.testing.assert_array_equal(both, codes.reshape(10, 2)[[3, 4, 5, 0]])


def test_a_shard_without_a_single_code(tmp_path):
    broken = [(i, f"{i}.jpg", "no image.") for i in range(5)]
    shards.write(tmp_path, MANIFEST, 0, rows((), broken))
    found = shards.read(tmp_path, MANIFEST, 0, ["id", "code", "label", "features"])
    assert (found["code"].shape, found["features"].shape) == ((0, 2), (0, 3))
    assert len(shards.footer(tmp_path, MANIFEST, 0)[1]) == 5


def test_finished(path):
    assert shards.finished(path.parent, MANIFEST, 0)
    assert not shards.finished(path.parent, MANIFEST, 1)
    path.write_bytes(path.read_bytes()[:-1])
    assert not shards.finished(path.parent, MANIFEST, 0)
    shards.write(path.parent, {**MANIFEST, "weights_sha256": "other"}, 0, rows())
    with pytest.raises(ValueError, match="of another corpus: its weights_sha256 is other"):
        shards.finished(path.parent, MANIFEST, 0)


def test_missing(path):
    with pytest.raises(FileNotFoundError, match=r"part-00001.parquet is missing: the corpus is no"):
        read(path, number=1)


def test_every_truncation_is_named(path):
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"part-00000.parquet is damaged: .* Delete it"):
            read(path)


def test_flipped_bits_of_the_data_are_named(path):
    whole = path.read_bytes()
    code = whole.index(bytes(rows().codes))  # too few to be compressed
    for place in range(code, code + 8):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(ValueError, match=r"part-00000.parquet is damaged: .*CRC"):
            read(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights_sha256": "other"}, "weights_sha256 is abc, that of the manifest.json .* other"),
        ({"bits": 20}, "part-00000.parquet is of another corpus: its bits is 12"),
        ({"items": 9}, "its items is 8"),
    ],
)
def test_of_another_model_or_list(path, changes, message):
    with pytest.raises(ValueError, match=message):
        read(path, manifest={**MANIFEST, **changes})


def test_another_shard_under_its_name(path):
    shutil.copy(path, path.with_name("part-00001.parquet"))
    with pytest.raises(ValueError, match=r"part-00001.parquet is of another corpus: its part is 0"):
        read(path, number=1)


def rewrite(path, table, **metadata):
    facts = {key.encode(): json.dumps(value) for key, value in metadata.items()}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **facts})
    pyarrow.parquet.write_table(table, path)


def test_wrong_width_with_the_right_metadata(path):
    table = pyarrow.parquet.read_table(path)
    wide = pyarrow.array([b"abc"] * 4, pyarrow.binary(3))
    rewrite(path, table.set_column(2, "code", wide))
    with pytest.raises(ValueError, match=r"must have .* codes of 2 bytes; .*binary\[3"):
        read(path)
    rewrite(path, table.drop_columns(["label"]))
    with pytest.raises(ValueError, match="columns id, source, code, label, features with"):
        read(path)


def test_rows_that_are_missing_twice_or_of_elsewhere(path):
    table = pyarrow.parquet.read_table(path)
    rewrite(path, table.slice(1))
    with pytest.raises(ValueError, match="is damaged: 3 rows, of 5 images"):
        read(path)
    for ids in ([0, 2, 2, 4], [0, 2, 3, 5], [-1, 2, 3, 4], [2, 0, 3, 4]):
        rewrite(path, table.set_column(0, table.schema.field("id"), [ids]))
        with pytest.raises(ValueError, match="its ids are not ascending between 0 and 4"):
            read(path)


def test_other_parquet_files(path):
    pyarrow.parquet.write_table(pyarrow.table({"id": [1]}), path)
    with pytest.raises(ValueError, match=r"part-00000.parquet is no shard of a corpus. Take it"):
        read(path)


def test_broken_images_of_all_shards_in_one_file(tmp_path):
    (tmp_path / "quarantine.jsonl").write_text("of an earlier run\n")
    shards.write(tmp_path, MANIFEST, 0, rows(broken=[(1, "grün.jpg", "no image.")]))
    shards.write(tmp_path, MANIFEST, 1, rows((5,), [(6, "c", "x"), (7, "d", "y")]))
    assert shards.write_quarantine(tmp_path, MANIFEST) == 3
    lines = (tmp_path / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines[0] == '{"id": 1, "source": "grün.jpg", "reason": "no image."}'
    assert [json.loads(line)["id"] for line in lines] == [1, 6, 7]


def test_no_broken_images(tmp_path):
    manifest = {**MANIFEST, "items": 4}
    shards.write(tmp_path, manifest, 0, rows((0, 1, 2, 3), []))
    assert shards.write_quarantine(tmp_path, manifest) == 0
    assert (tmp_path / "quarantine.jsonl").read_text() == ""
