"""Writes the models that the contract's tests are run against.

    python -m tests.serving.make_models FOLDER

Serve them with any server of the contract, by the `models.config` that is written beside them,
then

    KERAS_HASHING_SERVER_URL=http://127.0.0.1:8501 python -m pytest tests/serving/test_contract.py
"""

import os
import pathlib
import sys

import numpy as np
import tensorflow as tf

from keras_hashing import codes as packed
from keras_hashing.exporting import export
from tests.exporting.images import BITS, tiny_model

ITEMS, K = 30, 4
DTYPES = "float32 float64 int8 int16 int32 int64 uint8 uint32 uint64 bool string float16 uint16"

CONFIG = """\
model_config_list {{
  config {{
    name: "tiny"
    base_path: "{folder}/tiny"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
    version_labels {{ key: "stable" value: 1 }}
    version_labels {{ key: "canary" value: 2 }}
  }}
  config {{ name: "plain" base_path: "{folder}/plain" model_platform: "tensorflow" }}
  config {{ name: "types" base_path: "{folder}/types" model_platform: "tensorflow" }}
}}
"""


def database():
    """Codes and ids of the index in `tiny`."""
    outputs = np.random.default_rng(5).standard_normal((ITEMS, BITS))
    return packed.pack(outputs), np.arange(ITEMS) * 10 + 3


def make_models(folder):
    """`tiny`, versions 1 and 2, the second with an index; `plain` and `types`, one version each."""
    folder = pathlib.Path(folder).absolute()
    model = tiny_model()
    codes, ids = database()
    export(model, folder / "tiny")
    export(model, folder / "tiny", index=codes, ids=ids, k=K)
    export(tiny_model(seed=1), folder / "plain")
    module, signatures = types_module()
    tf.saved_model.save(module, os.fspath(folder / "types" / "1"), signatures=signatures)
    (folder / "models.config").write_text(CONFIG.format(folder=folder))


def types_module():
    """A model that is not ours, with what ours has not: dtypes, several inputs, scalars."""

    def signature(**inputs):
        specs = [tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in inputs.items()]
        return tf.function(input_signature=specs)

    def echo(dtype):
        return signature(x=([None], dtype))(lambda x: {"y": tf.identity(x)})

    def write(dtype):
        return signature(x=([None], "float32"))(lambda x: {"y": tf.cast(x, dtype)})

    @signature(a=([None, 2], "float32"), b=([None], "int64"))
    def two(a, b):
        return {"sum": tf.reduce_sum(a, axis=1), "b": b + 1}

    @signature(x=([None], "int32"), k=([], "int32"))
    def scaled(x, k):
        return {"y": x * k}

    @signature(x=([None], "float32"))
    def total(x):
        return {"total": tf.reduce_sum(x)}

    @signature(x=([None], "string"))
    def text(x):
        return {"raw": x, "raw_bytes": x}

    @signature(x=([None, None, None], "float32"))
    def cube(x):
        return {"shape": tf.shape(x)[None], "x": x}

    module = tf.Module()
    module.functions = {
        **{f"echo_{dtype}": echo(dtype) for dtype in DTYPES.split()},
        **{f"write_{dtype}": write(dtype) for dtype in ("float16", "bfloat16", "uint16")},
        "write_complex64": write("complex64"),
        "serving_default": echo("float32"),
        "two": two,
        "scaled": scaled,
        "total": total,
        "text": text,
        "cube": cube,
    }
    return module, module.functions


if __name__ == "__main__":
    make_models(sys.argv[1])
