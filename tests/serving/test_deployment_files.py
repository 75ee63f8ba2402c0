"""The files of `serving/` agree with each other and with the code; no server runs them here."""

import re

import pytest

from keras_hashing.exporting import image_files, signatures
from keras_hashing.serving import batching, bodies, client, image_limits, server
from keras_hashing.serving.app import Settings


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
    assert f"body over {bodies.MAX_BODY_BYTES // 2**20} MiB" in text
    assert image_limits.MAX_PIXELS == 2**27
    assert "over 2^27 pixels together" in text
    assert f"after {bodies.MAX_SECONDS:.0f} seconds | 408" in text
    held = f"{batching.MAX_WAITING} requests waiting for one signature; bodies of "
    assert held + f"{bodies.MAX_HELD_BYTES // 2**20} MiB" in text
    usual = Settings()
    assert f"after {usual.seconds:.0f} seconds | 504" in text
    assert f"`--max-batch`\n  rows ({usual.max_rows})" in text
    assert f"`--max-wait-ms` ({1000 * usual.wait:.0f})" in text
    assert f"at most {server._GRACE_SECONDS} seconds" in text


def test_the_kubernetes_manifest(folder):
    yaml = pytest.importorskip("yaml")
    service = yaml.safe_load((folder / "kserve.yaml").read_text())
    assert service["kind"] == "InferenceService"
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "tensorflow"}
    assert model["storageUri"].startswith("pvc://")
    assert all(argument.startswith("--") for argument in model["args"])
