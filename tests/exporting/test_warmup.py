"""Warm-up records, read back with TensorFlow Serving's own classes and replayed."""

import collections
import json
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.exporting import export, warmup
from tests.exporting.images import tiny_model

CODES = np.zeros((3, 2), np.uint8)


@pytest.fixture(scope="module")
def logs():
    return pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2",
        reason="tensorflow-serving-api is not installed (extra `warmup`)",
    )


def test_every_record_runs_as_the_server_replays_it(logs, tmp_path):
    version = export(tiny_model(), tmp_path / "m", index=CODES, k=2, warmup=True)
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    loaded = tf.saved_model.load(str(version))
    rows = collections.defaultdict(list)
    for record in tf.data.TFRecordDataset(str(path)):
        log = logs.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"  # others may be refused
        request = log.predict_log.request
        inputs = {name: tf.constant(tf.make_ndarray(t)) for name, t in request.inputs.items()}
        outputs = loaded.signatures[request.model_spec.signature_name](**inputs)
        (count,) = {len(array) for array in (*inputs.values(), *outputs.values())}
        rows[request.model_spec.signature_name].append(count)
    both = ("encode_bytes", "search", "search_bytes")
    assert rows == {"serving_default": [1], **{name: [1, 32] for name in both}}
    assert path.stat().st_size < 200_000
    manifest = json.loads((version / "manifest.json").read_text())
    assert "assets.extra/tf_serving_warmup_requests" in manifest["files"]


def test_a_record_that_fails_is_not_written(logs, tmp_path):
    @tf.function
    def encode_bytes(image_bytes):
        tf.debugging.Assert(False, ["refused"])
        return {"code_hex": image_bytes}

    with pytest.raises(tf.errors.InvalidArgumentError, match="refused"):
        warmup.write(tmp_path, {"encode_bytes": encode_bytes}, 8, 2)
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(ModuleNotFoundError, match=r"keras_hashing\[warmup\]"):
        export(tiny_model(), tmp_path / "m", warmup=True)
    assert list((tmp_path / "m").iterdir()) == []
