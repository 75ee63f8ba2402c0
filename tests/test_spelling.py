"""A misspelt public name is answered with the nearest one."""

import importlib
import subprocess
import sys

import pytest

import keras_hashing as kh

PACKAGES = [name for name in kh._MODULES if hasattr(getattr(kh, name), "__path__")]


@pytest.mark.parametrize(
    ("part", "name", "near"),
    [
        (None, "encod", "encode"),
        (None, "Encode", "encode"),
        (None, "indx", "index"),
        (None, "Evalator", "Evaluator"),
        (None, "metods", "methods"),
        ("methods", "DHM", "DHN"),
        ("methods", "HASHNET", "HashNet"),
        ("losses", "PairwiseCrossEntrop", "PairwiseCrossEntropy"),
        ("data", "from_foldr", "from_folder"),
        ("zoo", "lod", "load"),
        ("callbacks", "RetrievalEvaluator", "RetrievalEvaluation"),
        ("training", "read_recipes", "read_recipe"),
    ],
)
def test_the_nearest_name_is_told(part, name, near):
    module = kh if part is None else getattr(kh, part)
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    whole = module.__name__
    assert str(caught.value) == (
        f"module {whole!r} has no attribute {name!r}; did you mean {near!r}?"
    )


@pytest.mark.parametrize("module", [kh, *(getattr(kh, name) for name in PACKAGES)])
@pytest.mark.parametrize("name", ["qqqq", "__wrapped__", "_repr_mimebundle_"])
def test_no_name_is_told_where_none_is_near(module, name):
    assert not hasattr(module, name)
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert str(caught.value) == f"module {module.__name__!r} has no attribute {name!r}"


def test_an_import_of_a_misspelt_name_is_an_import_error():
    with pytest.raises(ImportError, match="encod"):
        from keras_hashing import encod  # noqa: F401


def test_python_adds_no_second_guess():
    done = subprocess.run(
        [sys.executable, "-c", "import keras_hashing as kh; kh.encod"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.count("did you mean".lower()) == 1
    assert "Did you mean" not in done.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_package_guides(name):
    module = importlib.import_module(f"keras_hashing.{name}")
    first = module.__all__[0]
    with pytest.raises(AttributeError, match="did you mean"):
        getattr(module, first + "_")
