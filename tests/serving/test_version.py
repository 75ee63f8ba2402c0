import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.version import has_manifest, load
from tests.exporting.images import photo, tiny_model

FIRST_VERSION = """
import sys
import tensorflow.compat.v1 as tf
graph = tf.Graph()
with graph.as_default(), tf.Session(graph=graph) as session:
    x = tf.placeholder(tf.float32, [None, 2], name="a/x")
    free = tf.placeholder(tf.float32, None)
    y = x * tf.get_variable("w", initializer=3.0)
    session.run(tf.global_variables_initializer())
    inputs, outputs = {"in-put": x, "free": free}, {"y": y, "f": free}
    tf.saved_model.simple_save(session, sys.argv[1], inputs, outputs)
"""


def test_an_export_runs_and_gives_the_models_outputs(models_folder):
    version = load(2, models_folder / "tiny" / "2")
    assert (version.number, version.queues) == (2, {})
    assert {"serving_default", "encode_bytes", "search", "search_bytes"} == set(version.signatures)
    signature = version.signatures["serving_default"]
    (spec,) = signature.inputs
    assert (spec.name, spec.dtype, spec.shape) == ("images", np.float32, (None, None, None, 3))
    pixels = photo(9, 7)[None].astype(np.float32)
    expected = tiny_model().predict(pixels, verbose=0)
    np.testing.assert_allclose(signature.run({"images": pixels})["outputs"], expected, atol=1e-6)
    assert version.definitions["search"]["inputs"]["codes"]["dtype"] == "DT_UINT8"


def test_what_the_graph_raises_has_its_status(models_folder):
    signature = load(1, models_folder / "tiny" / "1").signatures["serving_default"]
    with pytest.raises(ApiError, match="pixel values from 0 to 255") as error:
        signature.run({"images": np.full((1, 2, 2, 3), 300, np.float32)})
    assert error.value.status == 400


def test_strings_keep_their_last_zeros_also_in_a_scalar(models_folder, tmp_path):
    module = tf.Module()
    spec = tf.TensorSpec([], tf.string, "x")
    module.echo = tf.function(lambda x: {"y": x}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "1"), signatures={"echo": module.echo})
    signature = load(1, tmp_path / "1").signatures["echo"]
    got = signature.run({"x": np.array(b"a\0\0", object)})["y"]
    assert got.dtype == object
    assert got.tolist() == b"a\0\0"


def test_a_saved_model_of_tensorflow_1(tmp_path):
    folder = tmp_path / "1"
    command = [sys.executable, "-c", FIRST_VERSION, str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    version = load(1, folder)
    signature = version.signatures["serving_default"]
    shapes = {spec.name: spec.shape for spec in signature.inputs}
    assert shapes == {"in-put": (None, 2), "free": None}
    x = np.array([[1, 2]], np.float32)
    got = signature.run({"in-put": x, "free": x[0]})
    assert got["y"].tolist() == [[3, 6]]
    assert version.definitions["serving_default"]["inputs"]["free"]["tensor_shape"]["unknown_rank"]


def test_a_folder_that_is_no_saved_model(tmp_path):
    with pytest.raises(ValueError, match="cannot be loaded as a SavedModel"):
        load(1, tmp_path)
    for data in (b"garbage", b""):
        (tmp_path / "saved_model.pb").write_bytes(data)
        with pytest.raises(ValueError, match="cannot be loaded as a SavedModel"):
            load(1, tmp_path)


@pytest.fixture
def version_1(models_folder, tmp_path):
    return pathlib.Path(shutil.copytree(models_folder / "plain" / "1", tmp_path / "1"))


def test_a_damaged_version_is_named(version_1):
    variables = version_1 / "variables" / "variables.data-00000-of-00001"
    data = bytearray(variables.read_bytes())
    data[100] ^= 1  # one bit of a weight, which TensorFlow would load without a word
    variables.write_bytes(data)
    with pytest.raises(ValueError, match="data-00000-of-00001 is not as it was written"):
        load(1, version_1)


def test_a_file_that_was_added_is_named(version_1):
    (version_1 / "assets.extra").mkdir(exist_ok=True)
    (version_1 / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"")
    with pytest.raises(ValueError, match="tf_serving_warmup_requests is not in manifest"):
        load(1, version_1)


def test_manifests(version_1):
    assert has_manifest(version_1)
    (version_1 / "manifest.json").write_text('{"files": [1]}')
    with pytest.raises(ValueError, match=r"manifest\.json is damaged"):
        load(1, version_1)
    (version_1 / "manifest.json").unlink()
    assert not has_manifest(version_1)
    assert load(1, version_1).signatures
