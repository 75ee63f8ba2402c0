import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.exporting.warmup import PATH
from keras_hashing.serving import warmup
from keras_hashing.serving.contract import TensorSpec
from keras_hashing.serving.errors import ApiError

logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")


class Recorder:
    """A signature that notes what it is run with."""

    def __init__(self):
        self.inputs = [TensorSpec("x", np.dtype("float32"), (None, 2))]
        self.runs = []

    def run(self, arrays):
        if (arrays["x"] < 0).any():
            raise ApiError(400, "negative")
        self.runs.append(arrays["x"].tolist())


@pytest.fixture
def write(tmp_path):
    def make(*records):
        path = tmp_path / PATH
        path.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record if isinstance(record, bytes) else record.SerializeToString())
        return tmp_path

    return make


def predict(value, signature="", name="x", dtype=np.float32):
    log = logs.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = "of no interest"
    request.model_spec.signature_name = signature
    request.inputs[name].CopyFrom(tf.make_tensor_proto(np.array(value, dtype)))
    return log


def test_each_record_is_run_with_its_signature(write):
    default, other = Recorder(), Recorder()
    folder = write(predict([[1, 2]]), predict([[3, 4], [5, 6]], "other"))
    assert warmup.replay(folder, {"serving_default": default, "other": other}) == 2
    assert (default.runs, other.runs) == ([[[1, 2]]], [[[3, 4], [5, 6]]])


def test_no_file_is_no_warm_up(tmp_path):
    assert warmup.replay(tmp_path, {}) == 0


def test_logs_of_other_calls(write):
    passed_over = logs.PredictionLog()
    passed_over.classify_log.request.model_spec.name = "m"
    recorder = Recorder()
    assert warmup.replay(write(passed_over), {"serving_default": recorder}) == 1
    assert recorder.runs == []
    refused = logs.PredictionLog()
    refused.session_run_log.request.model_spec.name = "m"
    with pytest.raises(ValueError, match="record 1: a session_run_log cannot be run"):
        warmup.replay(write(refused), {"serving_default": recorder})


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (b"\xff\xff", "record 2"),
        (b"", "a None cannot be run"),
        (predict([[1, 2]], "other"), "no signature 'other'"),
        (predict([[1, 2]], name="y"), "the input 'x' is missing"),
        (predict([[1, 2, 3]]), r"must have shape \(\?, 2\); got \(1, 3\)"),
        (predict([1, 2]), "must have shape"),
        (predict([[1, 2]], dtype=np.float64), "x must be float32; got float64"),
        (predict([[-1, 2]]), "negative"),
    ],
)
def test_a_record_that_cannot_be_run_fails_the_load(write, record, words):
    with pytest.raises(ValueError, match=words) as error:
        warmup.replay(write(predict([[1, 2]]), record), {"serving_default": Recorder()})
    assert "record 2" in str(error.value)


def test_a_file_that_is_cut_short(write):
    folder = write(predict([[1, 2]]))
    (folder / PATH).write_bytes((folder / PATH).read_bytes()[:-3])
    with pytest.raises(ValueError, match="tf_serving_warmup_requests, record 0"):
        warmup.replay(folder, {"serving_default": Recorder()})


def test_at_most_a_thousand(write):
    record = predict([[1, 2]]).SerializeToString()
    recorder = Recorder()
    assert warmup.replay(write(*[record] * 1000), {"serving_default": recorder}) == 1000
    with pytest.raises(ValueError, match="more than 1000"):
        warmup.replay(write(*[record] * 1001), {"serving_default": recorder})
