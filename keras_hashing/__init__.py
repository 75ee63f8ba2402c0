"""Image retrieval by short binary codes: methods, exact evaluation, search, a zoo and serving.

Names are resolved on first use, so `import keras_hashing` is quick and only what is touched
loads TensorFlow.
"""

import importlib

__version__ = "0.1.0"

_MODULES = (
    "backbones",
    "callbacks",
    "codes",
    "corpus",
    "data",
    "hashers",
    "layers",
    "losses",
    "methods",
    "photos",
    "regularizers",
    "relevance",
    "serving",
    "zoo",
)

# Public name -> the module that defines it.
_NAMES = {
    "CoarseToFine": "index",
    "Evaluator": "evaluation",
    "Index": "index",
    "audit": "auditing",
    "encode": "encoding",
    "evaluate": "evaluation",
    "export": "exporting",
    "export_litert": "exporting",
    "export_onnx": "exporting",
    "load": "loading",
}

__all__ = sorted([*_MODULES, *_NAMES])


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return [*__all__, "__version__"]
