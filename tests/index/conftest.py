"""Servers for tests of stores, one a module."""

import pytest

from tests.index import stores


@pytest.fixture(scope="module")
def postgres():
    """Connection string of a running PostgreSQL."""
    with stores.postgres() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def milvus_file(tmp_path_factory):
    """Path of a file for Milvus Lite."""
    with stores.milvus_file(tmp_path_factory.mktemp("milvus")) as path:
        yield path


@pytest.fixture
def milvus_server(tmp_path):
    """A running server that a test may kill."""
    with stores.milvus_server(tmp_path) as server:
        yield server
