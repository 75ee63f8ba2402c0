"""The files of `serving/` agree with each other and with the code; no server runs them here."""

import re

import pytest

from keras_hashing.exporting import image_files, signatures
from keras_hashing.serving import bodies, client, image_limits


@pytest.fixture
def folder(repository):
    return repository / "serving"


def test_every_file_that_compose_names_is_there(folder):
    names = re.findall(r"=/config/(\S+)", (folder / "compose.yaml").read_text())
    assert sorted(names) == ["batching.config", "models.config", "monitoring.config"]
    assert all((folder / name).is_file() for name in names)


def test_only_this_machine_may_connect(folder):
    ports = re.findall(r"- (\S+):8501:8501", (folder / "compose.yaml").read_text())
    assert ports == ["127.0.0.1"]


def test_a_batch_holds_a_clients_request_and_no_more_than_the_model_takes(folder):
    text = (folder / "batching.config").read_text()
    size = int(re.search(r"max_batch_size \{ value: (\d+) \}", text).group(1))
    assert client.ROWS_PER_REQUEST <= size <= signatures.MAX_IMAGES


def test_the_readme_tells_the_limits_of_the_code(folder):
    text = (folder / "README.md").read_text()
    assert f"{signatures.MAX_IMAGES} images or {signatures.MAX_QUERIES:,} codes" in text
    assert f"{signatures.MAX_SIDE:,} pixels a side" in text
    assert (image_files.MAX_PIXELS, image_files.MAX_FILE_BYTES) == (2**25, 32 * 2**20)
    assert "2^25 pixels and 32 MiB" in text
    assert (bodies.MAX_BODY_BYTES, image_limits.MAX_PIXELS) == (64 * 2**20, 2**27)
    assert "over 64 MiB is 413" in text
    assert "2^27 together" in text
