import pytest

from keras_hashing import methods
from keras_hashing.training.usual_settings import head_epochs, head_recipe, head_settings


@pytest.mark.parametrize("method", methods.NAMES)
def test_every_method_has_settings_that_are_a_recipe(method):
    model, training = head_settings(method, 24)
    assert (model["method"], model["bits"]) == (method, 24)
    recipe = head_recipe({"folder": "My Photos"}, model, {**training, "validation": True})
    assert recipe.name == f"{method}_my-photos_24"
    assert recipe.training.features in ("raw", "standardised")
    assert recipe.data == {"folder": "My Photos"}
    assert recipe.text.startswith(f"# keras-hashing train recipe.toml --out {recipe.name} ")


def test_they_are_those_of_the_published_heads():
    model, training = head_settings("dhn", 48)
    assert (model["alpha"], model["quantization_weight"], model["hidden"]) == (0.1, 0.02, 64)
    assert (training["learning_rate"], training["features"]) == (1e-3, "standardised")
    assert "epochs" not in head_settings("itq", 8)[1]


@pytest.mark.parametrize(
    ("images", "batch", "epochs"),
    [
        (4500, 64, 22),  # 71 batches: 1500 / 71 = 21.1
        (50_000, 64, 20),  # as the settings say
        (1088, 64, 89),  # 17 batches: 88.2
        (30, 64, 200),
        (4500, 450, 150),  # 10 batches
    ],
)
def test_epochs_make_1500_steps(images, batch, epochs):
    assert head_epochs({"epochs": 20, "batch_size": batch}, images) == epochs


def test_names_and_mistakes():
    model, training = head_settings("itq", 8)
    assert head_recipe({"folder": "Фото"}, model, training).name == "itq_photos_8"
    data = {"dataset": "fashion", "protocol": "fashion-s1"}
    assert head_recipe(data, model, training).name == "itq_fashion_8"
    assert head_recipe(data, model, training, "mine", 3).seed == 3
    with pytest.raises(ValueError, match="`method` got the unknown value 'dnh'"):
        head_settings("dnh", 8)
    with pytest.raises(ValueError, match="bits"):
        head_settings("dhn", 0)
