"""A small entry, saved by `zoo.save` in a zoo of its own, and means to damage and to watch it."""

import collections
import contextlib
import hashlib
import json
import os
import shutil
import sys

import numpy as np
import pytest

from keras_hashing import files, methods, zoo
from keras_hashing.data import Data, ImageSet

BITS = 12


def small_data(name="shades", images_per_class=12, classes=3, size=12):
    """Images of one shade a class, with noise."""
    rng = np.random.default_rng(0)

    def part(count, prefix):
        labels = np.repeat(np.arange(classes), count)
        shade = 60 + 80 * labels[:, None, None, None]
        noise = rng.integers(0, 60, (len(labels), size, size, 3))
        ids = [f"{prefix}{i}" for i in range(len(labels))]
        return ImageSet((shade + noise).astype(np.uint8), labels, ids)

    return Data(
        name=name,
        train=part(images_per_class, "t"),
        validation=part(2, "v"),
        query=part(4, "q"),
        database=part(images_per_class, "d"),
    )


def small_model(bits=BITS, **arguments):
    import keras

    keras.utils.set_random_seed(0)
    return methods.DHN(bits=bits, backbone="small_cnn", image_size=8, **arguments)


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """Root of a zoo with the entry `dhn_shades_12`; tests work on copies."""
    root = tmp_path_factory.mktemp("zoo")
    zoo.save(
        small_model(hidden=8),
        root / "entries" / "dhn_shades_12",
        small_data(),
        recipe='name = "dhn_shades_12"\n',
        training={"command": "keras-hashing train x.toml", "epochs": 0},
        licence="Apache-2.0",
    )
    return root


@pytest.fixture
def zoo_root(saved, tmp_path, monkeypatch):
    """A copy of that zoo, in the place of the shipped one."""
    root = tmp_path / "zoo"
    shutil.copytree(saved, root)
    monkeypatch.setattr("keras_hashing.resources._roots", lambda: [root])
    return root


@pytest.fixture
def entry(zoo_root):
    """Folder of the entry `dhn_shades_12`."""
    return zoo_root / "entries" / "dhn_shades_12"


def edit_json(path, change):
    """Change the object in a JSON file by a function."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def rehash(folder, name):
    """State a file's present size and SHA-256 in metadata.json, as a stranger's file would."""
    path = folder / name
    facts = {"size": path.stat().st_size, "sha256": files.sha256(path)}
    edit_json(folder / "metadata.json", lambda content: content["files"].update({name: facts}))


_watched: list = []  # paths that were opened, as an audit hook sees them; a hook stays for good
_hooked: list = []


def _see(event, arguments):
    if event == "open" and _watched and isinstance(arguments[0], str):
        _watched[-1][arguments[0]] += 1


@contextlib.contextmanager
def watched(monkeypatch):
    """Yields two counters: of paths opened, and of SHA-256 digests made of whole files."""
    if not _hooked:
        sys.addaudithook(_see)
        _hooked.append(True)
    opened: collections.Counter = collections.Counter()
    hashed: collections.Counter = collections.Counter()
    sha256, file_digest = hashlib.sha256, hashlib.file_digest

    def counting_sha256(content=b"", **options):
        digest = sha256(content, **options)
        hashed[digest.hexdigest()] += 1
        return digest

    def counting_file_digest(file, name):
        digest = file_digest(file, name)
        hashed[digest.hexdigest()] += 1
        return digest

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "sha256", counting_sha256)
        patch.setattr(hashlib, "file_digest", counting_file_digest)
        _watched.append(opened)
        try:
            yield opened, hashed
        finally:
            _watched.pop()


def check_read_once(entry, names, opened, hashed):
    """Assert that of an entry's folder just these files were opened and hashed, once each."""
    folder = f"{os.fspath(entry.path)}{os.sep}"
    inside = {path: count for path, count in opened.items() if path.startswith(folder)}
    assert inside == {f"{folder}{name}": 1 for name in ("metadata.json", *names)}
    digests = {facts["sha256"]: name for name, facts in entry.files.items()}
    assert {digests[key]: n for key, n in hashed.items() if key in digests} == dict.fromkeys(
        names, 1
    )
