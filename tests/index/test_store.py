"""The contract of stores, read from the classes; mypy compares the arguments."""

import inspect
import typing

import pytest

from keras_hashing.index import store

FILES = ("exact", "faiss")


def members(protocol):
    return (
        typing.get_protocol_members(protocol)
        if hasattr(typing, "get_protocol_members")
        else {
            name
            for name in (*protocol.__annotations__, *vars(protocol))
            if not name.startswith("_")
        }
    )


@pytest.mark.parametrize("backend", store.BACKENDS)
def test_stores_keep_the_contract(backend):
    found = store.store_class(backend)  # needs no package of the backend's
    assert found.keeps_labels == (backend not in FILES)
    contract = store.LabelStore if found.keeps_labels else store.FileStore
    of_objects = {"bits"}  # set by the constructor
    for name in {*members(store.Store), *members(contract)} - of_objects:
        assert hasattr(found, name), name
    for name in ("add", "upsert", "search", "radius_search", "remove", "known", "save"):
        wanted = getattr(contract, name, None) or getattr(store.Store, name)
        assert list(inspect.signature(getattr(found, name)).parameters) == list(
            inspect.signature(wanted).parameters
        ), name
    assert next(iter(inspect.signature(found).parameters)) == "bits"


def test_unknown_backend():
    with pytest.raises(ValueError, match="unknown value 'exakt'; allowed: 'exact', 'faiss'"):
        store.store_class("exakt")
