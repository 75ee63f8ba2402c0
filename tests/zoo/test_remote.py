"""Files from a folder or a real web server, whole, in parts, and not at all."""

import errno
import pathlib

import numpy as np
import pytest
from urllib3.util import Retry

from keras_hashing.zoo import remote
from tests.zoo.web import Web

CONTENT = np.random.default_rng(0).bytes(1_000_003)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base" / "a").mkdir(parents=True)
    (tmp_path / "base" / "a" / "x").write_bytes(CONTENT)
    return tmp_path / "base"


@pytest.fixture
def web(folder, monkeypatch):
    monkeypatch.setattr(Retry, "get_backoff_time", lambda self: 0)
    server = Web(folder)
    yield server
    server.close()


@pytest.fixture(params=["folder", "url"])
def place(request, folder):
    if request.param == "folder":
        yield str(folder)
        return
    server = Web(folder)
    yield server.url + "/"
    server.close()


@pytest.mark.parametrize("done", [0, 1, 500_000, len(CONTENT), len(CONTENT) + 5])
def test_what_is_there_is_not_fetched_again(place, tmp_path, done):
    path = tmp_path / "new" / "x"
    if done:
        path.parent.mkdir()
        path.write_bytes((CONTENT + b"12345")[:done])
    steps = []
    remote.fetch(place, "a/x", path, len(CONTENT), steps.append)
    assert path.read_bytes() == CONTENT
    assert sum(steps) == len(CONTENT)
    assert steps[0] == (done if done <= len(CONTENT) else 0)


def test_small_files_are_read_whole(place):
    assert remote.read(place, "a/x", len(CONTENT)) == CONTENT
    with pytest.raises(OSError, match="has more than 100 bytes"):
        remote.read(place, "a/x", 100)
    with pytest.raises(FileNotFoundError, match="a/y is not there"):
        remote.read(place, "a/y", 100)


def test_a_server_that_hangs_up_is_asked_for_the_rest(web, tmp_path):
    web.behaviour["/a/x"] = 300_000
    path = tmp_path / "x"
    with pytest.raises(OSError, match="Run it again: it goes on where it stopped"):
        remote.fetch(web.url, "a/x", path, len(CONTENT))
    got = path.stat().st_size
    assert 0 < got <= 300_000
    web.behaviour.clear()
    remote.fetch(web.url, "a/x", path, len(CONTENT))
    assert path.read_bytes() == CONTENT
    assert web.asked[-1] == ("/a/x", f"bytes={got}-")


def test_a_server_without_ranges_is_started_over(web, tmp_path):
    web.behaviour["/a/x"] = "whole"
    path, steps = tmp_path / "x", []
    path.write_bytes(b"?" * 400)
    remote.fetch(web.url, "a/x", path, len(CONTENT), steps.append)
    assert path.read_bytes() == CONTENT
    assert sum(steps) == len(CONTENT)


@pytest.mark.parametrize(
    ("behaviour", "error", "message"),
    [
        ("404", FileNotFoundError, "is not there .404.: that zoo does not have it"),
        ("503", OSError, "503|could not be fetched"),
        ("html", OSError, "answered a web page, not a file. Check KERAS_HASHING_ZOO"),
    ],
)
def test_other_answers(web, tmp_path, behaviour, error, message):
    web.behaviour["/a/x"] = behaviour
    with pytest.raises(error, match=message):
        remote.fetch(web.url, "a/x", tmp_path / "x", len(CONTENT))
    assert not (tmp_path / "x").exists() or not (tmp_path / "x").stat().st_size


def test_nobody_listens(web, tmp_path):
    web.close()
    with pytest.raises(OSError, match="could not be fetched"):
        remote.fetch(web.url, "a/x", tmp_path / "x", 10)


def test_a_full_disk_keeps_what_came(folder, tmp_path, monkeypatch):
    path, real = tmp_path / "x", pathlib.Path.open

    def full(self, mode="r", *args, **kwargs):
        file = real(self, mode, *args, **kwargs)
        if mode == "ab":
            write = file.write

            def some(piece):
                write(piece[:1000])
                raise OSError(errno.ENOSPC, "No space left on device")

            return Limited(file, some)
        return file

    monkeypatch.setattr(pathlib.Path, "open", full)
    with pytest.raises(OSError, match="the disk of .* is full. Free some room. Run it again"):
        remote.fetch(str(folder), "a/x", path, len(CONTENT))
    monkeypatch.undo()
    assert path.read_bytes() == CONTENT[:1000]
    remote.fetch(str(folder), "a/x", path, len(CONTENT))
    assert path.read_bytes() == CONTENT


class Limited:
    """A file whose disk has room for 1,000 bytes."""

    def __init__(self, file, write):
        self.file, self.write = file, write

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)
