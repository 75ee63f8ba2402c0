"""Our server's JSON against TensorFlow Serving's own messages, and every signature it lists."""

import pytest
import requests
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

pytest.importorskip("tensorflow_serving", reason="needs the extra `warmup`")

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2


def content(server, path):
    return requests.get(f"{server.url}/v1/models/{path}", timeout=180).json()


def as_json(message):
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


@pytest.mark.parametrize("path", ["tiny", "tiny/versions/2", "plain"])
def test_status_is_a_status_response_with_its_defaults(local_server, path):
    got = content(local_server, path)
    message = json_format.ParseDict(got, get_model_status_pb2.GetModelStatusResponse())
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert {row.state for row in message.model_version_status} == {available}
    assert as_json(message) == got


def test_all_states_are_states_of_the_message():
    known = set(get_model_status_pb2.ModelVersionStatus.State.keys())
    assert {"START", "LOADING", "AVAILABLE", "UNLOADING", "END"} < known


@pytest.mark.parametrize(("name", "number"), [("tiny", 1), ("tiny", 2), ("types", 1)])
def test_metadata_holds_the_signatures_of_the_file(local_server, models_folder, name, number):
    got = content(local_server, f"{name}/versions/{number}/metadata")
    spec = json_format.ParseDict(got["model_spec"], model_pb2.ModelSpec())
    assert (spec.name, spec.version.value, spec.signature_name) == (name, number, "")
    signatures = json_format.ParseDict(
        got["metadata"]["signature_def"], get_model_metadata_pb2.SignatureDefMap()
    )
    file = models_folder / name / str(number) / "saved_model.pb"
    (graph,) = saved_model_pb2.SavedModel.FromString(file.read_bytes()).meta_graphs
    assert dict(signatures.signature_def) == dict(graph.signature_def)
    assert as_json(signatures) == got["metadata"]["signature_def"]
