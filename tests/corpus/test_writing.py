import errno

import pytest

from keras_hashing.corpus.writing import whole_file


def test_written_whole(tmp_path):
    with whole_file(tmp_path / "a") as temporary:
        temporary.write_text("all of it")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_text() == "all of it"


def test_a_failure_is_named_and_leaves_nothing(tmp_path):
    (tmp_path / "a").write_text("before")
    message = r"No space left on device: .*/a was not written. What is finished is kept: make room"
    with pytest.raises(OSError, match=message) as raised, whole_file(tmp_path / "a") as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "before"
