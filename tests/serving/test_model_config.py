import pathlib

import pytest

from keras_hashing.serving.model_config import read
from keras_hashing.serving.versions import ServedModel

FULL = """
# Comments are allowed.
model_config_list {
  config { name: 'a' base_path: "/x/a" model_platform: "tensorflow" }
  config: {
    name: "b", base_path: "/x/b", model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 7 } }
    version_labels { key: "stable" value: 3 }
    version_labels { key: "canary" value: 7 }
  }
  config { name: "c" base_path: "/x/c" model_platform: "tensorflow"
           model_version_policy: { all: {} } };
  config { name: "d" base_path: "/x/d" model_platform: "tensorflow"
           model_version_policy { latest { num_versions: 2 } } }
}
"""


@pytest.fixture
def write(tmp_path):
    def make(text):
        path = tmp_path / "models.config"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def entry(**changes):
    fields = {"name": '"m"', "base_path": '"/m"', "model_platform": '"tensorflow"', **changes}
    inner = " ".join(f"{key}: {value}" for key, value in fields.items() if value)
    return f"model_config_list {{ config {{ {inner} }} }}"


def test_all_that_a_file_can_say(write):
    root = pathlib.Path("/x")
    assert read(write(FULL)) == [
        ServedModel("a", root / "a"),
        ServedModel("b", root / "b", 1, frozenset([3, 7]), {"stable": 3, "canary": 7}),
        ServedModel("c", root / "c", None),
        ServedModel("d", root / "d", 2),
    ]


def test_tensorflow_servings_own_messages_read_the_same(write):
    messages = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    from google.protobuf import text_format

    theirs = text_format.Parse(FULL, messages.ModelServerConfig()).model_config_list.config
    for config, model in zip(theirs, read(write(FULL)), strict=True):
        assert (config.name, config.base_path) == (model.name, str(model.folder))
        assert dict(config.version_labels) == model.labels
        policy = config.model_version_policy
        assert frozenset(policy.specific.versions) == model.only
        assert policy.HasField("all") == (model.latest is None)
        if policy.HasField("latest"):
            assert policy.latest.num_versions == model.latest


def test_the_example_of_the_repository(repository):
    assert read(repository / "serving" / "models.config") == [
        ServedModel("model", pathlib.Path("/models/model"))
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model_config_list {", "cannot be read"),
        ("{}", "cannot be read"),
        ("\x00\x01", "cannot be read"),
        (entry(base_pth='"/x"'), 'no field named "base_pth"'),
        (entry(logging_config="{}"), "name, base_path, model_platform, model_version_policy"),
        (entry(model_version_policy="{ latest { num_versions: 1 } all {} }"), "two version poli"),
        (entry(base_path='"models/m"'), "must be absolute, as TensorFlow Serving wants it"),
        (entry(base_path=""), "needs a name and a base_path"),
        (entry(name=""), "needs a name and a base_path"),
        (entry(model_platform='"pytorch"'), "model_platform of 'm' must be"),
        ("", "names no model"),
        ("model_config_list {}", "names no model"),
    ],
)
def test_what_cannot_be_served(write, text, words):
    with pytest.raises(ValueError, match=words) as error:
        read(write(text))
    assert "models.config" in str(error.value)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read(tmp_path / "none")
