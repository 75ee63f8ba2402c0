import base64
import contextlib
import http.server
import json
import socketserver
import threading
import time

import numpy as np
import pytest
import requests
from PIL import Image

from keras_hashing import codes as packed
from keras_hashing.data import read_image
from keras_hashing.serving import Client, ServerError
from tests.exporting.images import file_bytes, photo, tiny_model
from tests.serving.make_models import K, database

PHOTOS = [photo(9, 7, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def expected():
    return packed.pack(tiny_model().predict(np.stack(PHOTOS), verbose=0))


@pytest.fixture
def client(server_url):
    return Client(server_url, model="tiny")


def test_encodes_arrays_bytes_and_paths(client, expected, tmp_path):
    files = [file_bytes(image) for image in PHOTOS]
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    for images in (np.stack(PHOTOS), PHOTOS, files, paths, [PHOTOS[0], files[1], str(paths[2])]):
        codes = client.encode(images)
        assert codes.dtype == np.uint8
        np.testing.assert_array_equal(codes, expected)
    for image in (PHOTOS[0], files[0], paths[0], str(paths[0])):
        np.testing.assert_array_equal(client.encode(image), expected[:1])


def test_other_formats_and_turned_images_are_converted(client, expected, tmp_path):
    Image.fromarray(PHOTOS[0]).save(tmp_path / "a.bmp")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter clockwise
    turned = Image.fromarray(np.rot90(PHOTOS[0]))
    data = file_bytes(turned, "PNG", exif=exif)
    codes = client.encode([tmp_path / "a.bmp", data])
    np.testing.assert_array_equal(codes, expected[[0, 0]])


def test_transparent_images_of_other_formats_keep_their_alpha(client):
    alpha = np.resize(np.arange(256, dtype=np.uint8), PHOTOS[0].shape[:2])
    image = Image.fromarray(np.dstack([PHOTOS[0], alpha]))
    files = [file_bytes(image), file_bytes(image, "WEBP", lossless=True, exact=True)]
    codes = client.encode([read_image(files[0]), *files])  # blended on white here, then there
    np.testing.assert_array_equal(codes[1:], codes[[0, 0]])


def test_more_images_than_one_request_takes(client, expected):
    codes = client.encode([PHOTOS[number % 3] for number in range(70)])
    np.testing.assert_array_equal(codes, expected[np.arange(70) % 3])


def test_search_by_codes_and_by_images(client, expected):
    codes, ids = database()
    order = np.argsort(packed.hamming(expected, codes), axis=1, kind="stable")[:, :K]
    for queries in (expected, PHOTOS):
        distances, found = client.search(queries)
        assert (distances.dtype, found.dtype) == (np.int32, np.int64)
        np.testing.assert_array_equal(found, ids[order])
    many = np.repeat(expected, 30, axis=0)  # more than one request takes
    np.testing.assert_array_equal(client.search(many)[1], np.repeat(ids[order], 30, axis=0))


def test_status_and_metadata(client, server_url):
    assert client.status()["model_version_status"][0]["state"] == "AVAILABLE"
    assert client.metadata()["model_spec"]["name"] == "tiny"
    by_version = Client(f"{server_url}/v1/models/tiny/versions/2/")
    (row,) = by_version.status()["model_version_status"]
    assert row["version"] == "2"
    by_label = Client(f"{server_url}/v1/models/tiny/labels/stable")
    assert by_label.metadata()["model_spec"]["version"] == "1"


def test_what_the_server_refuses_is_raised(client, server_url):
    cut = file_bytes(PHOTOS[0], "JPEG")[:-20]
    with pytest.raises(ServerError, match="the server answered 400: ") as error:
        client.encode(cut)
    assert error.value.status == 400
    with pytest.raises(ServerError, match=r"404: .*unknown"):
        Client(server_url, model="unknown").status()
    with pytest.raises(ServerError, match=r'400: .*"search" not found'):
        Client(server_url, model="plain").search(np.zeros((1, 2), np.uint8))


def test_what_cannot_be_sent_is_refused_here(tmp_path):
    client = Client("http://127.0.0.1:9")
    text = tmp_path / "photo.jpg"
    text.write_text("hello")
    with pytest.raises(ValueError, match=r"photo\.jpg cannot be read as an image"):
        client.encode(text)
    with pytest.raises(FileNotFoundError):
        client.encode(tmp_path / "missing.jpg")
    with pytest.raises(ValueError, match="`images` is empty"):
        client.encode([])
    with pytest.raises(TypeError, match=r"must be uint8 of shape \(h, w, 3\); got float32"):
        client.encode(PHOTOS[0].astype("float32"))
    for wrong, message in (
        (PHOTOS[0] / 255.0, "Multiply by 255"),
        (PHOTOS[0] / 127.5 - 1, "looks like normalised images"),
        (PHOTOS[0].astype("uint16") * 257, "Bring 16-bit images to 8 bits"),
        ([(pixels > 127).astype("uint8") for pixels in PHOTOS], "Multiply by 255"),
    ):
        with pytest.raises(ValueError, match=message):
            client.encode(wrong)
    with pytest.raises(TypeError, match="must be packed codes"):
        client.search(np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="must start with http"):
        Client("127.0.0.1:8501")


@contextlib.contextmanager
def answering(*statuses):
    """A server that answers with each status in turn, then with 200; and what it was asked."""
    left, asked = list(statuses), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = left.pop(0) if left else 200
            outputs = {"distances": [[0]], "ids": [[7]]}
            body = json.dumps({"outputs": outputs} if status == 200 else {"error": "no"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


CODE = np.zeros((1, 1), np.uint8)


def test_503_is_tried_again():
    with answering(503, 503) as (url, asked):
        assert Client(url).search(CODE)[1].tolist() == [[7]]
    assert asked == [{"signature_name": "search", "inputs": {"codes": [[0]]}}] * 3


@pytest.mark.parametrize(("status", "attempts"), [(400, 1), (500, 1), (429, 1), (503, 3)])
def test_nothing_else_is_and_not_for_ever(status, attempts):
    with answering(*[status] * 9) as (url, asked):
        with pytest.raises(ServerError, match=f"the server answered {status}: no"):
            Client(url, retries=2).search(CODE)
        assert len(asked) == attempts


@contextlib.contextmanager
def hanging_up(times, pause=0.0):
    """A server that reads a request and closes the connection, so often, then answers."""
    asked = []
    answer = b'{"outputs": {"distances": [[0]], "ids": [[7]]}}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            asked.append(self.rfile.read(length))
            time.sleep(pause)
            if len(asked) > times:
                self.wfile.write(head + answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_a_connection_that_ends_is_tried_again():
    with hanging_up(2) as (url, asked):
        assert Client(url).search(CODE)[1].tolist() == [[7]]
        assert len(asked) == 3
        assert len(set(asked)) == 1
    with hanging_up(9) as (url, asked):
        with pytest.raises(requests.ConnectionError):
            Client(url, retries=1).search(CODE)
        assert len(asked) == 2


def test_an_answer_that_does_not_come_in_time_is_not():
    with hanging_up(0, pause=0.3) as (url, asked):
        with pytest.raises(requests.Timeout):
            Client(url, timeout=0.05).search(CODE)
        assert len(asked) == 1


def test_what_a_client_asks_fits_the_signatures_and_tensorflow_servings_messages(server_url):
    """The JSON bodies as `PredictRequest`, the message that they stand for."""
    messages = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    import tensorflow as tf

    signatures = Client(server_url, "tiny").metadata()["metadata"]["signature_def"]["signature_def"]
    with answering() as (url, asked), contextlib.suppress(KeyError):
        Client(url).search(np.zeros((2, 2), np.uint8))
        Client(url).search(PHOTOS)
        Client(url).encode(PHOTOS)
    assert [body["signature_name"] for body in asked] == ["search", "search_bytes", "encode_bytes"]
    for body in asked:
        assert set(body) == {"signature_name", "inputs"}
        message = messages.PredictRequest()
        message.model_spec.signature_name = body["signature_name"]
        expected = signatures[body["signature_name"]]["inputs"]
        assert set(body["inputs"]) == set(expected)
        for name, value in body["inputs"].items():
            if isinstance(value[0], dict):
                value = [base64.b64decode(item["b64"], validate=True) for item in value]
            info = expected[name]
            tensor = tf.make_tensor_proto(value, dtype=getattr(tf, info["dtype"][3:].lower()))
            sizes = [int(size["size"]) for size in info["tensor_shape"]["dim"]]
            assert len(sizes) == len(tensor.tensor_shape.dim)
            for size, given in zip(sizes, tensor.tensor_shape.dim, strict=True):
                assert size in (-1, given.size)
            message.inputs[name].CopyFrom(tensor)
        assert message.IsInitialized()


def test_no_server():
    with pytest.raises(requests.ConnectionError):
        Client("http://127.0.0.1:9", retries=1).status()
