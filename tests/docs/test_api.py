"""The API reference lists every public name."""

import importlib

import pytest

import keras_hashing
from docs.hooks import api


def test_every_public_part_has_a_page():
    modules = {name for name in keras_hashing.__all__ if name not in keras_hashing._NAMES}
    assert modules - set(api.parts()) == {"exporting", "index"}  # all of them on the front page


@pytest.mark.parametrize("part", api.parts())
def test_every_public_name_of_a_part_is_on_its_page(part):
    module = importlib.import_module(f"keras_hashing.{part}")
    text = api.page(part)
    assert text.startswith(f"# `keras_hashing.{part}`\n")
    if hasattr(module, "__path__"):
        front = api.front_page()
        for name in module.__all__:
            if f"::: keras_hashing.{part}.{name}\n" in front:
                continue
            assert text.count(f"\n::: keras_hashing.{part}.{name}\n") == 1
    else:
        assert text.count(f"\n::: keras_hashing.{part}\n") == 1


def test_the_package_s_own_names_are_on_the_front_page():
    text = api.front_page()
    for name, home in keras_hashing._NAMES.items():
        assert text.count(f"\n::: keras_hashing.{home}.{name}\n") == 1
        assert hasattr(importlib.import_module(f"keras_hashing.{home}"), name)
