"""Image retrieval by short binary codes: methods, exact evaluation, search, a zoo and serving.

Names are resolved on first use, so `import keras_hashing` is quick and only what is touched
loads TensorFlow.
"""

import importlib

# Type checkers know the name, and editors cannot tell that it is false; importing `typing` for it
# would take three times as long as all the rest of this.
TYPE_CHECKING = bool()  # noqa: UP018

if TYPE_CHECKING:  # what `__getattr__` does below, for editors and type checkers
    from keras_hashing import (
        auditing,
        backbones,
        callbacks,
        codes,
        corpus,
        data,
        evaluation,
        exporting,
        hashers,
        index,
        layers,
        losses,
        methods,
        photos,
        regularizers,
        relevance,
        serving,
        training,
        zoo,
    )
    from keras_hashing.auditing.audit import audit
    from keras_hashing.encoding import encode
    from keras_hashing.evaluation import Evaluator, evaluate
    from keras_hashing.exporting import export, export_litert, export_onnx
    from keras_hashing.index import CoarseToFine, Index
    from keras_hashing.loading import load

__version__ = "0.1.0"

_MODULES = (
    "auditing",
    "backbones",
    "callbacks",
    "codes",
    "corpus",
    "data",
    "evaluation",
    "exporting",
    "hashers",
    "index",
    "layers",
    "losses",
    "methods",
    "photos",
    "regularizers",
    "relevance",
    "serving",
    "training",
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

__all__ = [
    "CoarseToFine",
    "Evaluator",
    "Index",
    "audit",
    "auditing",
    "backbones",
    "callbacks",
    "codes",
    "corpus",
    "data",
    "encode",
    "evaluate",
    "evaluation",
    "export",
    "export_litert",
    "export_onnx",
    "exporting",
    "hashers",
    "index",
    "layers",
    "load",
    "losses",
    "methods",
    "photos",
    "regularizers",
    "relevance",
    "serving",
    "training",
    "zoo",
]

if not TYPE_CHECKING:  # a type checker would take every name for one that is here

    def __getattr__(name):
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name in _NAMES:
            value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
            globals()[name] = value
            return value
        spelling = importlib.import_module(f"{__name__}.spelling")
        raise spelling.no_attribute(__name__, name, __all__)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
