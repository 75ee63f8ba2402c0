import hashlib

import fsspec
import pyarrow
import pytest

from keras_hashing.corpus import sources


def test_kinds(folder, parquet, tfrecord, jpegs):
    assert len(sources.open_source(folder)) == 21
    assert len(sources.open_source(parquet(image=jpegs), "image")) == 7
    path = tfrecord("a.tfrecord", [{"image": jpegs[0], "label": 4}])
    assert sources.open_source(path, label="label").read(0).label == 4


def test_the_digest_is_of_names_and_order(folder):
    source = sources.open_source(folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    by_hand = hashlib.sha256("".join(f"{name}\0" for name in names).encode()).hexdigest()
    assert sources.digest(source) == by_hand
    (folder / "red" / "new.jpg").touch()
    assert sources.digest(sources.open_source(folder)) != by_hand
    (folder / "red" / "new.jpg").unlink()
    (folder / "red" / "05x.jpg").write_text("other content")
    assert sources.digest(sources.open_source(folder)) == by_hand


def test_a_folder_elsewhere(jpegs):
    memory = fsspec.filesystem("memory")
    memory.pipe("/elsewhere/a/1.jpg", jpegs[1])
    source = sources.open_source("memory://elsewhere", label="folder")
    assert (source.read(0).content, source.read(0).name) == (jpegs[1], "a/1.jpg")
    memory.rm("/elsewhere", recursive=True)


def test_nothing_in_it(parquet):
    with pytest.raises(ValueError, match="a.parquet holds no image: its files have no rows"):
        sources.open_source(parquet(path=pyarrow.array([], pyarrow.string())))
