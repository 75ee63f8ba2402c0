import pytest

from keras_hashing.cli import models
from tests.photos.conftest import tiny_backbone, tiny_hashing_model


def test_a_path_is_recorded_in_full_and_a_name_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "entry").mkdir()
    assert models.lasting_name("x.keras") == str(tmp_path / "x.keras")
    assert models.lasting_name("entry") == str(tmp_path / "entry")
    assert models.lasting_name("dhn_cifar10_48") == "dhn_cifar10_48"


@pytest.mark.parametrize("hashing", [False, True])
def test_the_encoders_model_is_loaded_when_it_is_used(monkeypatch, hashing):
    import keras_hashing
    from keras_hashing import backbones

    model = tiny_hashing_model() if hashing else tiny_backbone()
    names = []
    monkeypatch.setattr(backbones, "get", lambda name: names.append(name) or model)
    monkeypatch.setattr(
        keras_hashing, "load", lambda name: names.append(name) or model, raising=False
    )
    encoder = models.photo_encoder("name", hashing)
    assert names == []
    assert encoder.model is model
    assert names == ["name"]
    assert (encoder.name, encoder.hashing) == ("name", hashing)
