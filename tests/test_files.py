import contextlib
import errno
import hashlib
import os
import pathlib
import subprocess
import sys

import pytest

from keras_hashing import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_new_file_appears_whole(tmp_path):
    path = tmp_path / "deep" / "codes.npz"
    with files.atomic_path(str(path)) as temporary:
        temporary.write_bytes(b"one")
        assert temporary.parent == path.parent
        assert not path.exists()
    assert path.read_bytes() == b"one"
    assert names(path.parent) == ["codes.npz"]


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "codes.npz"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), files.atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["codes.npz"]


def test_folder_takes_the_place_of_a_folder(tmp_path):
    path = tmp_path / "entry"
    for name in ("first", "second"):
        with files.atomic_path(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text("x")
    assert names(path) == ["second"]
    assert names(tmp_path) == ["entry"]


def test_failure_leaves_the_old_folder(tmp_path):
    path = tmp_path / "entry"
    path.mkdir()
    (path / "kept").write_text("x")
    with pytest.raises(ValueError, match="no"), files.atomic_path(path) as temporary:
        temporary.mkdir()
        (temporary / "half").write_text("x")
        raise ValueError("no")
    assert names(path) == ["kept"]
    assert names(tmp_path) == ["entry"]


def test_file_does_not_replace_a_folder(tmp_path):
    (tmp_path / "entry").mkdir()
    with pytest.raises(OSError), files.atomic_path(tmp_path / "entry") as temporary:
        temporary.write_text("x")
    assert names(tmp_path) == ["entry"]
    assert (tmp_path / "entry").is_dir()


def test_nothing_written_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), files.atomic_path(tmp_path / "entry"):
        pass
    assert names(tmp_path) == []


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    expected = hashlib.sha256(b"abc" * 100_000).hexdigest()
    assert files.sha256(tmp_path / "a") == expected
    # The digest of no bytes at all, as published with the standard.
    (tmp_path / "empty").write_bytes(b"")
    assert files.sha256(tmp_path / "empty").startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_bytes_are_on_the_disk_before_the_name_and_then_the_name(tmp_path, monkeypatch):
    path = tmp_path / "codes.npz"
    path.write_bytes(b"old")
    steps = []
    sync = os.fsync

    def fsync(number):
        synced = str(pathlib.Path(f"/proc/self/fd/{number}").readlink())
        steps.append((synced.startswith(f"{tmp_path}/.codes.npz."), path.read_bytes()))
        sync(number)

    monkeypatch.setattr(os, "fsync", fsync)
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(b"new")
    assert steps == [(True, b"old"), (False, b"new")]


@pytest.mark.parametrize(("number", "passes"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_folder_that_cannot_be_synced(tmp_path, monkeypatch, number, passes):
    def fsync(descriptor):
        if pathlib.Path(f"/proc/self/fd/{descriptor}").readlink() == tmp_path:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    expected = contextlib.nullcontext() if passes else pytest.raises(OSError, match="Input/output")
    with expected, files.atomic_path(tmp_path / "a") as temporary:
        temporary.write_bytes(b"new")
    assert names(tmp_path) == ["a"]


def test_one_at_a_time(tmp_path):
    path = tmp_path / "new" / ".lock"
    with (
        files.locked(path),
        pytest.raises(ValueError, match=r"new is being written by another run\. Wait"),
        files.locked(path, wait=False),
    ):
        raise AssertionError("two at once")
    with files.locked(path, wait=False):
        assert [found.name for found in path.parent.iterdir()] == [".lock"]


def test_waiting_for_another_process(tmp_path):
    path = tmp_path / ".lock"
    other = (
        "import sys; from keras_hashing import files\n"
        "with files.locked(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", other, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="another run"), files.locked(path, wait=False):
            pass
        process.stdin.close()
        with files.locked(path):  # waits until the other is done
            pass
    assert process.returncode == 0


def test_printable_names():
    assert files.printable("grün/01.jpg") == "grün/01.jpg"
    name = os.fsdecode(b"gr\xfcn.jpg")  # Latin-1: no valid UTF-8
    assert files.printable(name) == "gr\N{REPLACEMENT CHARACTER}n.jpg"
    files.printable(pathlib.Path(name)).encode()
