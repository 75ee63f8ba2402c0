"""Every public name has an example; those of all docstrings run and print what they say."""

import doctest
import importlib
import inspect
import pathlib

import pytest

import keras_hashing

PACKAGE = pathlib.Path(__file__).parents[2] / "keras_hashing"
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


def public_names():
    """Pairs of a public function or class and where it is found."""
    parts = [importlib.import_module(f"keras_hashing.{name}") for name in keras_hashing._MODULES]
    for part in [keras_hashing, *parts]:
        here = [name for name in vars(part) if not name.startswith("_")]
        for name in getattr(part, "__all__", here):
            value = getattr(part, name)
            own = getattr(value, "__module__", "").startswith("keras_hashing.")
            if own and (inspect.isclass(value) or inspect.isfunction(value)):
                yield value, f"{part.__name__}.{name}"


def test_every_public_name_has_an_example():
    without = [place for value, place in public_names() if ">>> " not in (value.__doc__ or "")]
    assert len(list(public_names())) > 100
    assert not without, "\n".join(without)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
