"""Exports are read back through `tf.saved_model.load`, and by a process without Keras."""

import hashlib
import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing import codes as packed
from keras_hashing.data.images import read_image, resize
from keras_hashing.exporting import code_tensors, export, image_files
from keras_hashing.index import Index
from tests.exporting.images import BITS, file_bytes, photo, png_header, tiny_model

ITEMS = 40


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def database():
    """Codes with many equal distances, and ids that are not positions."""
    rng = np.random.default_rng(1)
    return packed.pack(rng.standard_normal((ITEMS, BITS))), np.arange(ITEMS) * 7 + 20


@pytest.fixture(scope="module")
def version(model, database, tmp_path_factory):
    codes, ids = database
    return export(model, tmp_path_factory.mktemp("models") / "tiny", index=codes, ids=ids, k=ITEMS)


@pytest.fixture(scope="module")
def loaded(version):
    return tf.saved_model.load(str(version))


def call(loaded, signature, **inputs):
    answer = loaded.signatures[signature](**{k: tf.constant(v) for k, v in inputs.items()})
    return {name: value.numpy() for name, value in answer.items()}


def test_images_give_the_models_outputs_and_codes(model, loaded):
    images = np.stack([photo(seed=seed) for seed in range(6)]).astype("float32")
    answer = call(loaded, "serving_default", images=images)
    outputs = model.predict(images, verbose=0)
    np.testing.assert_allclose(answer["outputs"], outputs, atol=1e-6)
    np.testing.assert_array_equal(answer["code"], packed.pack(outputs))
    assert answer["outputs"].dtype == np.float32
    assert answer["code"].dtype == np.uint8
    assert len(np.unique(answer["code"], axis=0)) == 6  # or the test shows nothing


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 64, 65])
def test_packing_in_the_graph_is_that_of_codes(bits):
    outputs = np.random.default_rng(bits).standard_normal((20, bits)).astype("float32")
    outputs[0] = 0.0
    outputs[1] = -0.0
    codes = code_tensors.pack(tf.constant(outputs), bits).numpy()
    np.testing.assert_array_equal(codes, packed.pack(outputs))
    assert [value.hex() for value in code_tensors.to_bytes(codes).numpy()] == [
        value.decode() for value in code_tensors.to_hex(codes).numpy()
    ]
    np.testing.assert_array_equal(
        codes, [list(value) for value in code_tensors.to_bytes(codes).numpy()]
    )


FILES = {
    "PNG": file_bytes(photo()),
    "gray PNG": file_bytes(photo()[..., 0]),
    "RGBA PNG": file_bytes(np.dstack([photo(), np.full((40, 30), 90, np.uint8)])),
    "palette PNG": file_bytes(Image.fromarray(photo()).quantize(16)),
    "16-bit PNG": file_bytes(Image.fromarray(photo()[..., 0].astype(np.uint16) * 250)),
    "JPEG": file_bytes(photo(), "JPEG", quality=90),
    "progressive JPEG": file_bytes(photo(), "JPEG", progressive=True),
    "gray JPEG": file_bytes(photo()[..., 0], "JPEG"),
    "tiny JPEG": file_bytes(photo(1, 1), "JPEG"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_decoded_as_on_the_host(model, loaded, name):
    image = read_image(FILES[name])
    code = packed.pack(model.predict(image[None], verbose=0))[0]
    answer = call(loaded, "encode_bytes", image_bytes=[FILES[name]])
    assert answer["code_bytes"][0] == code.tobytes()
    assert answer["code_hex"][0].decode() == code.tobytes().hex()


def test_decoded_pixels_equal_pillows():
    decoded = image_files.decode(tf.constant(list(FILES.values())), 16).numpy()
    for name, pixels in zip(FILES, decoded, strict=True):
        # Pillow reads, then both sides resize by the package's one function.
        expected = resize(read_image(FILES[name]), 16)
        np.testing.assert_allclose(pixels, expected, atol=1e-3, err_msg=name)


def test_cmyk_is_close_to_pillow():
    data = file_bytes(Image.fromarray(photo()).convert("CMYK"), "JPEG", quality=95)
    got = image_files.decode(tf.constant([data]), 16).numpy()[0]
    np.testing.assert_allclose(got, resize(read_image(data), 16), atol=3)


def brute_force(query, database_codes, ids, k):
    """All (distance, position) pairs in order, by Python's own sort."""
    pairs = sorted(
        (sum(bin(a ^ b).count("1") for a, b in zip(query, code, strict=True)), position)
        for position, code in enumerate(database_codes.tolist())
    )[:k]
    return [d for d, _ in pairs], [int(ids[p]) for _, p in pairs]


def test_search_is_ordered_by_distance_then_position(loaded, database):
    codes, ids = database
    queries = packed.pack(np.random.default_rng(2).standard_normal((9, BITS)))
    answer = call(loaded, "search", codes=queries)
    assert answer["distances"].dtype == np.int32
    assert answer["ids"].dtype == np.int64
    for row, query in enumerate(queries.tolist()):
        distances, nearest = brute_force(query, codes, ids, ITEMS)
        assert answer["distances"][row].tolist() == distances
        assert answer["ids"][row].tolist() == nearest
        assert len(set(distances)) < ITEMS  # there are ties


@pytest.mark.parametrize("k", [1, 2, 39, 40, 43])
@pytest.mark.parametrize("bits", [5, 64, 130])
def test_search_for_every_k_and_width(k, bits):
    rng = np.random.default_rng(bits)
    codes = packed.pack(rng.standard_normal((ITEMS, bits)))
    codes[::2] = codes[0]
    ids = np.arange(ITEMS) + 2**40
    search, _ = code_tensors.searcher(codes, ids, k)
    queries = packed.pack(rng.standard_normal((3, bits)))
    answer = search(tf.constant(queries))
    index = Index(bits)
    index.add(codes, ids)
    for got, wanted in zip(answer.values(), index.search(queries, k), strict=True):
        np.testing.assert_array_equal(got.numpy(), wanted)
    for row, query in enumerate(queries.tolist()):
        distances, nearest = brute_force(query, codes, ids, k)
        missing = [-1] * (k - len(distances))
        assert answer["distances"][row].numpy().tolist() == distances + missing
        assert answer["ids"][row].numpy().tolist() == nearest + missing


def test_search_bytes_encodes_then_searches(loaded):
    data = [FILES["PNG"], FILES["JPEG"]]
    codes = [list(c) for c in call(loaded, "encode_bytes", image_bytes=data)["code_bytes"]]
    by_file = call(loaded, "search_bytes", image_bytes=data)
    by_code = call(loaded, "search", codes=np.array(codes, np.uint8))
    np.testing.assert_array_equal(by_file["ids"], by_code["ids"])
    np.testing.assert_array_equal(by_file["distances"], by_code["distances"])


BAD_FILES = {
    "text": (b"this is a text file, called photo.jpg", "JPEG or PNG"),
    "empty": (b"", "too short"),
    "GIF": (file_bytes(photo(), "GIF"), "JPEG or PNG"),
    "WebP": (file_bytes(photo(), "WEBP"), "JPEG or PNG"),
    "JPEG, one byte short": (FILES["JPEG"][:-1], None),
    "JPEG, first 200 bytes": (FILES["JPEG"][:200], None),
    "JPEG magic, then noise": (b"\xff\xd8\xff" + bytes(range(250, 100, -1)), None),
    "PNG cut short": (FILES["PNG"][:-40], None),
    "PNG of 16000 x 16000": (png_header(16000, 16000) + b"\0" * 40, "no pixels or more"),
    "PNG of 0 x 5": (png_header(0, 5) + b"\0" * 40, "no pixels or more"),
    "PNG of 2**32 - 1": (png_header(2**32 - 1, 2**32 - 1) + b"\0" * 40, "no pixels or more"),
    "PNG without header": (b"\x89PNG\r\n\x1a\n" + b"\xfe" * 40, "no header"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused(loaded, name):
    data, words = BAD_FILES[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        call(loaded, "encode_bytes", image_bytes=[FILES["PNG"], data])


def test_a_method_of_the_package_with_an_index(tmp_path):
    from keras_hashing import encoding, methods

    model = methods.DHN(bits=20, backbone="small_cnn", image_size=16)
    images = np.stack([photo(seed=seed) for seed in range(5)])
    index = Index(bits=20)
    index.add(encoding.encode(model, images, verbose=0), ids=[50, 40, 30, 20, 10])
    loaded = tf.saved_model.load(str(export(model, tmp_path / "m", index=index, k=2)))
    answer = call(loaded, "search_bytes", image_bytes=[file_bytes(images[3])])
    wanted = index.search(index.codes[3:4], k=2)
    np.testing.assert_array_equal(answer["distances"], wanted[0])
    np.testing.assert_array_equal(answer["ids"], wanted[1])
    assert answer["distances"][0, 0] == 0


def test_versions_count_up_and_nothing_else_is_left(model, tmp_path):
    (tmp_path / "m" / "0007").mkdir(parents=True)
    (tmp_path / "m" / "notes").mkdir()
    assert export(model, tmp_path / "m") == tmp_path / "m" / "8"
    assert export(model, tmp_path / "m") == tmp_path / "m" / "9"
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == ["0007", "8", "9", "notes"]


def test_manifest_describes_every_file(version):
    manifest = json.loads((version / "manifest.json").read_text())
    assert manifest["model"] == "tiny"
    assert (manifest["bits"], manifest["code_bytes"]) == (BITS, 2)
    assert (manifest["index_items"], manifest["k"]) == (ITEMS, ITEMS)
    present = {p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file()}
    assert present == {*manifest["files"], "manifest.json"}
    for name, facts in manifest["files"].items():
        data = pathlib.Path(version, name).read_bytes()
        assert facts == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_outputs_that_are_not_finite_are_an_error(tmp_path):
    model = tiny_model()
    model.get_layer("hash").bias.assign(np.full(BITS, np.nan, np.float32))
    loaded = tf.saved_model.load(str(export(model, tmp_path / "m")))
    with pytest.raises(tf.errors.InvalidArgumentError, match="outputs are not finite"):
        call(loaded, "serving_default", images=np.zeros((1, 8, 8, 3), np.float32))


def test_mixed_precision_answers_float32(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_model()
    finally:
        keras.config.set_dtype_policy("float32")
    loaded = tf.saved_model.load(str(export(model, tmp_path / "m")))
    images = photo()[None].astype("float32")
    assert call(loaded, "serving_default", images=images)["outputs"].dtype == np.float32


class PythonLayer(keras.layers.Layer):
    def call(self, inputs):
        return tf.ensure_shape(tf.numpy_function(lambda x: x, [inputs], tf.float32), inputs.shape)


@pytest.mark.parametrize(
    ("layer", "words"),
    [(keras.layers.Conv2D(4, 3, groups=2), "XLA attribute"), (PythonLayer(), "calls Python")],
)
def test_a_model_that_a_server_cannot_run_is_refused(tmp_path, layer, words):
    inputs = keras.Input((8, 8, 3))
    maps = layer(keras.layers.Conv2D(4, 3)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(BITS)(keras.layers.Flatten()(maps)))
    model.bits, model.image_size = BITS, 8
    with pytest.raises(ValueError, match=f"cannot run in TensorFlow Serving: .*{words}"):
        export(model, tmp_path / "m")
    assert list((tmp_path / "m").iterdir()) == []


CODES = np.zeros((3, 2), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"index": np.zeros((3, 3), np.uint8)}, ValueError, "must be 2 byte"),
        ({"index": Index(16)}, ValueError, "has 16-bit codes, but the model makes 12"),
        ({"index": Index(BITS), "ids": [1]}, ValueError, "taken from the index"),
        ({"index": np.zeros((3, 2), np.float32)}, TypeError, "dtype uint8"),
        ({"index": np.full((3, 2), 255, np.uint8)}, ValueError, "padding must be 0"),
        ({"index": CODES, "ids": [1, 2]}, ValueError, "`codes` and `ids`"),
        ({"index": CODES, "ids": [1, 1, 2]}, ValueError, "`ids` must be unique"),
        ({"index": CODES, "ids": [0.5, 1, 2]}, TypeError, "whole numbers"),
        ({"ids": [1]}, ValueError, "without `index`"),
        ({"index": CODES, "k": 0}, ValueError, "`k` must be between 1 and 10000; got 0"),
    ],
)
def test_arguments(model, tmp_path, arguments, error, words):
    with pytest.raises(error, match=words):
        export(model, tmp_path / "m", **arguments)
    assert not (tmp_path / "m").exists()


def test_only_hashing_models_from_images(tmp_path):
    with pytest.raises(TypeError, match="must be a hashing model with `bits`; got Dense"):
        export(keras.layers.Dense(3), tmp_path)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.bits = 3
    with pytest.raises(TypeError, match="this one takes features"):
        export(model, tmp_path)
