"""Signatures through `tf.saved_model.load`; what they refuse is in `test_c_api.py`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes as packed
from keras_hashing import encoding, methods
from keras_hashing.data.images import read_image
from keras_hashing.exporting import export
from keras_hashing.index import Index
from tests.exporting.images import BITS, FILES, file_bytes, photo, tiny_model

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


@pytest.mark.parametrize("name", FILES)
def test_files_are_decoded_as_on_the_host(model, loaded, name):
    image = read_image(FILES[name])
    code = packed.pack(model.predict(image[None], verbose=0))[0]
    answer = call(loaded, "encode_bytes", image_bytes=[FILES[name]])
    assert answer["code_bytes"][0] == code.tobytes()
    assert answer["code_hex"][0].decode() == code.tobytes().hex()


def test_every_output_can_be_written_as_json(loaded):
    """Of the types that the REST contract writes, strings as base64 or as plain ASCII."""
    found = {
        (signature, name): spec.dtype.name
        for signature, function in loaded.signatures.items()
        for name, spec in function.structured_outputs.items()
    }
    assert found == {
        ("serving_default", "outputs"): "float32",
        ("serving_default", "code"): "uint8",
        ("encode_bytes", "code_bytes"): "string",  # `_bytes`: the server writes base64
        ("encode_bytes", "code_hex"): "string",
        ("search", "distances"): "int32",
        ("search", "ids"): "int64",
        ("search_bytes", "distances"): "int32",
        ("search_bytes", "ids"): "int64",
    }


def test_search_is_ordered_by_distance_then_position(loaded, database):
    codes, ids = database
    queries = packed.pack(np.random.default_rng(2).standard_normal((9, BITS)))
    answer = call(loaded, "search", codes=queries)
    assert answer["distances"].dtype == np.int32
    assert answer["ids"].dtype == np.int64
    distances = packed.hamming(queries, codes)
    order = np.argsort(distances, axis=1, kind="stable")
    np.testing.assert_array_equal(answer["ids"], ids[order])
    np.testing.assert_array_equal(answer["distances"], np.sort(distances, axis=1))
    assert all(len(set(row)) < ITEMS for row in distances.tolist())  # there are ties


def test_search_bytes_encodes_then_searches(loaded):
    data = [FILES["PNG"], FILES["JPEG"]]
    codes = [list(c) for c in call(loaded, "encode_bytes", image_bytes=data)["code_bytes"]]
    by_file = call(loaded, "search_bytes", image_bytes=data)
    by_code = call(loaded, "search", codes=np.array(codes, np.uint8))
    np.testing.assert_array_equal(by_file["ids"], by_code["ids"])
    np.testing.assert_array_equal(by_file["distances"], by_code["distances"])


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


def test_a_method_of_the_package_with_an_index(tmp_path):
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
