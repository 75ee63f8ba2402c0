import numpy as np
import pytest
from PIL import Image

from keras_hashing.callbacks import embedding_projector


def test_files_are_what_the_plugin_serves(tmp_path):
    """The plugin's own code reads the run: tensor, metadata and sprite."""
    import tensorflow as tf
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
    from werkzeug.test import Client
    from werkzeug.wrappers import Response

    run = tmp_path / "logs" / "run"
    outputs = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    embedding_projector.write(run, outputs, np.array([0, 1, 2, 1, 0]), images)
    with tf.summary.create_file_writer(str(run)).as_default():
        tf.summary.scalar("x", 1.0, step=0)
    moved = tmp_path / "moved"  # a run that was copied elsewhere must still be read
    (tmp_path / "logs").rename(moved)
    runs = EventMultiplexer().AddRunsFromDirectory(str(moved))
    runs.Reload()
    provider = MultiplexerDataProvider(runs, str(moved))
    plugin = ProjectorPlugin(TBContext(logdir=str(moved), data_provider=provider))
    routes = plugin.get_plugin_apps()

    def get(route, **query):
        reply = Client(routes[f"/{route}"], Response).get("/", query_string={"run": "run", **query})
        assert reply.status_code == 200, reply.data
        return reply

    (embedding,) = get("info").get_json(force=True)["embeddings"]
    assert embedding["tensorShape"] == [5, 3]
    assert embedding["sprite"]["singleImageDim"] == [4, 4]
    name = embedding["tensorName"]
    read = np.frombuffer(get("tensor", name=name).data, np.float32).reshape(5, 3)
    np.testing.assert_array_equal(read, outputs)
    assert get("metadata", name=name).data.split() == [b"0", b"1", b"2", b"1", b"0"]
    assert get("sprite_image", name=name).data[:8] == b"\x89PNG\r\n\x1a\n"
    pixels = np.asarray(Image.open(moved / "run" / embedding_projector.SPRITE))
    assert pixels.shape == (12, 12, 3)
    assert (pixels[:4, 8:] == 2).all()  # the third image ends the first row of three
    assert (pixels[4:8, :4] == 3).all()
    assert (pixels[8:] == 255).all()


def test_without_images(tmp_path):
    embedding_projector.write(tmp_path, np.zeros((3, 2)), np.eye(3, 4))
    assert not (tmp_path / embedding_projector.SPRITE).exists()
    assert (tmp_path / embedding_projector.METADATA).read_text() == "0\n1\n2\n"


@pytest.mark.parametrize(
    ("label", "text"), [(3, "3"), (np.array([0, 1, 1]), "1+2"), (np.zeros(3, bool), "none")]
)
def test_labels_in_words(label, text):
    assert embedding_projector.label_text(label) == text
