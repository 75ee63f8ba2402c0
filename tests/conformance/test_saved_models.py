"""What version 0.1.0 saved loads in this one, and gives what it gave then.

`tests/golden/make_saved_models.py` made the files.
"""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_hashing as kh

FOLDER = pathlib.Path(__file__).parents[1] / "golden" / "saved_models"
NAMES = sorted(path.stem for path in FOLDER.glob("*.keras"))
OBJECTS = json.loads((FOLDER / "objects.json").read_text())

# A program that has imported nothing else knows every class that the files need.
ONLY_LOAD = """
import pathlib, sys
import keras_hashing as kh
for name in ("layers", "local_response", "nested_hashnet"):
    kh.load(pathlib.Path(sys.argv[1]) / f"{name}.keras")
"""

pytestmark = pytest.mark.filterwarnings("ignore:.*without a backbone")


@pytest.fixture(scope="module", autouse=True)
def classes():
    """Any `kh.load` brings every class of the package."""
    kh.load(FOLDER / "dhn.keras")


@pytest.fixture(scope="module")
def stored():
    with np.load(FOLDER / "outputs.npz") as opened:
        return {key: opened[key] for key in opened.files}


def test_every_method_has_a_file():
    assert set(kh.methods.NAMES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_codes_and_outputs_are_those_of_0_1_0(name, stored):
    inputs, expected = stored[f"{name}/inputs"], stored[f"{name}/outputs"]
    outputs = np.asarray(kh.load(FOLDER / f"{name}.keras")(inputs, training=False))
    np.testing.assert_array_equal(outputs >= 0, expected >= 0)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["csq_adamw", "dhn_own_loss", "dpsh", "nested_hashnet", "mixed"])
def test_loaded_models_train_on(name, stored):
    model = kh.load(FOLDER / f"{name}.keras")
    inputs = stored[f"{name}/inputs"]
    history = model.fit(inputs, np.arange(len(inputs)) % 4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_the_optimizer_goes_on_where_it_was():
    model = kh.load(FOLDER / "csq_adamw.keras")
    assert int(model.optimizer.iterations) == 4
    slots = [np.asarray(weight) for weight in model.optimizer.variables if weight.shape]
    assert any(slot.any() for slot in slots)


@pytest.mark.parametrize(
    "content", OBJECTS["objects"], ids=[one["class_name"] for one in OBJECTS["objects"]]
)
def test_objects_keep_name_and_configuration(content):
    made = keras.saving.deserialize_keras_object(content)
    again = keras.saving.serialize_keras_object(made)
    assert again["registered_name"] == content["registered_name"]
    assert again["config"].items() >= content["config"].items()


def test_registered_names_remain():
    missing = set(OBJECTS["registered"]) - set(keras.saving.get_custom_objects())
    assert not missing


def test_load_alone_knows_the_classes():
    subprocess.run([sys.executable, "-c", ONLY_LOAD, str(FOLDER)], check=True, timeout=300)
