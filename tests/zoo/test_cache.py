"""Entries from elsewhere: whole or not there, whatever happens on the way."""

import json
import shutil
import subprocess
import sys

import pytest
from urllib3.util import Retry

from keras_hashing import files, zoo
from keras_hashing.zoo import cache
from tests.zoo.conftest import check_read_once, edit_json, watched
from tests.zoo.web import Web

NAME = "dhn_shades_12"


@pytest.fixture
def remote(saved, tmp_path, monkeypatch):
    """A base with one entry; the package has none, and the cache is empty."""
    folder = tmp_path / "remote"
    shutil.copytree(saved, folder)
    (tmp_path / "package").mkdir()
    monkeypatch.setattr("keras_hashing.resources._roots", lambda: [tmp_path / "package"])
    monkeypatch.setenv("KERAS_HASHING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HASHING_ZOO", str(folder))
    assert cache.write_index(folder) == 1
    cache._index.cache_clear()
    yield folder
    cache._index.cache_clear()


@pytest.fixture
def web(remote, monkeypatch):
    monkeypatch.setattr(Retry, "get_backoff_time", lambda self: 0)
    server = Web(remote)
    monkeypatch.setenv("KERAS_HASHING_ZOO", server.url)
    yield server
    server.close()


def kept(tmp_path):
    return tmp_path / "cache" / "entries" / NAME


def test_an_entry_is_fetched_once_and_then_kept(web, tmp_path, monkeypatch):
    assert zoo.list() == [NAME]
    assert zoo.list(bits=12) == [NAME]
    with pytest.raises(ValueError, match="a length that an entry has: 12; got 13"):
        zoo.list(bits=13)
    assert zoo.info(NAME).path is None
    assert not kept(tmp_path).exists()
    assert [path for path, _ in web.asked] == ["/index.json", f"/entries/{NAME}/metadata.json"]
    model = zoo.load(NAME)
    assert model.bits == 12
    assert zoo.info(NAME).path == kept(tmp_path)
    assert zoo.verify(NAME)[0].problems == []
    asked = len(web.asked)
    zoo.codes(NAME)
    assert len(web.asked) == asked
    # Without the base it stays.
    web.close()
    monkeypatch.delenv("KERAS_HASHING_ZOO")
    assert zoo.list() == [NAME]
    zoo.load(NAME)


def test_a_download_that_was_cut_off_goes_on(web, tmp_path):
    file = f"/entries/{NAME}/model.safetensors"
    web.behaviour[file] = 100_000
    with pytest.raises(OSError, match="Run it again"):
        zoo.load(NAME)
    assert not kept(tmp_path).exists()
    web.behaviour.clear()
    zoo.load(NAME)
    assert (file, "bytes=65536-") in web.asked
    assert not (tmp_path / "cache" / "partial" / NAME).exists()


def test_a_cache_filled_by_a_killed_download_is_mended(remote, tmp_path):
    zoo.load(NAME)
    weights = kept(tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    zoo.load(NAME)
    (kept(tmp_path) / "metadata.json").write_text("{")
    zoo.load(NAME)
    assert zoo.verify(NAME)[0].problems == []


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "codes.npz", "README.md"])
def test_a_kept_file_with_a_flipped_bit_is_fetched_again(remote, tmp_path, file):
    uses = {"codes.npz": zoo.codes, "README.md": zoo.verify}
    use = uses.get(file, zoo.load)
    use(NAME)
    path = kept(tmp_path) / file
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    use(NAME)
    assert path.read_bytes() == good


def test_a_damaged_kept_file_is_refused_where_it_cannot_be_had_again(remote, tmp_path, monkeypatch):
    zoo.load(NAME)
    path = kept(tmp_path) / "model.safetensors"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    (remote / "entries" / NAME / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors is not there"):
        zoo.load(NAME)
    monkeypatch.delenv("KERAS_HASHING_ZOO")
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged or was changed"):
        zoo.load(NAME)


def test_a_kept_entry_is_read_and_hashed_once(remote, tmp_path, monkeypatch):
    zoo.load(NAME)
    found = zoo.info(NAME)
    assert found.path == kept(tmp_path)
    with watched(monkeypatch) as (opened, hashed):
        zoo.load(NAME)
    check_read_once(found, ("config.json", "model.safetensors"), opened, hashed)


def test_bytes_that_are_not_the_entrys_are_refused_then_fetched_again(remote, tmp_path):
    part = tmp_path / "cache" / "partial" / NAME
    zoo.info(NAME)
    size = (remote / "entries" / NAME / "codes.npz").stat().st_size
    (part / "codes.npz").write_bytes(b"?" * size)
    with pytest.raises(ValueError, match=r"codes.npz of dhn_shades_12 .* is not what metadata"):
        zoo.codes(NAME)
    zoo.codes(NAME)


def test_metadata_must_be_what_the_index_says(remote):
    edit_json(remote / "entries" / NAME / "metadata.json", lambda c: c.update(licence="other"))
    with pytest.raises(ValueError, match="metadata.json of dhn_shades_12 .* its index says"):
        zoo.info(NAME)


def test_an_entry_of_a_newer_format(remote):
    path = remote / "entries" / NAME / "metadata.json"
    edit_json(path, lambda content: content.update(format=9))
    index = json.loads((remote / "index.json").read_text())
    index["entries"][NAME]["sha256"] = files.sha256(path)
    (remote / "index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="has format 9; this version of keras_hashing reads up to"):
        zoo.load(NAME)


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [("404", "index.json is not there"), ("html", "a web page, not a file")],
)
def test_a_base_that_is_none_lists_nothing_and_says_why(web, behaviour, message):
    web.behaviour["/index.json"] = behaviour
    with pytest.warns(UserWarning, match=f"entries of the base are not listed: .*{message}"):
        assert zoo.list() == []
    with pytest.raises(OSError, match=message):
        zoo.load(NAME)
    web.behaviour.clear()
    zoo.load(NAME)


@pytest.mark.parametrize("text", ["[]", "{", '{"format": 1, "entries": {"../x": {}}}'])
def test_an_index_that_is_none(remote, text):
    (remote / "index.json").write_text(text)
    with pytest.raises(ValueError, match="index.json is not an index of entries|must be a whole"):
        zoo.load(NAME)


def test_an_unknown_name_tells_the_nearest_and_of_the_variable(remote):
    with pytest.raises(ValueError, match="the nearest are dhn_shades_12.*KERAS_HASHING_ZOO may"):
        zoo.load("dhn_shade_12")


def test_an_index_needs_entries(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no entries. Put their folders there"):
        cache.write_index(tmp_path)


def test_two_processes_at_once(remote, tmp_path):
    program = (
        "import sys; from keras_hashing import resources; from keras_hashing.zoo import catalog\n"
        "resources._roots = lambda: []\n"
        f"print(catalog.find({NAME!r}))"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program], stdout=-1, stderr=-1, text=True)
        for _ in range(3)
    ]
    answers = [run.communicate(timeout=120) for run in runs]
    assert [out.strip() for out, _ in answers] == [str(kept(tmp_path))] * 3, answers
    assert not list((tmp_path / "cache" / "entries").glob(".*"))
