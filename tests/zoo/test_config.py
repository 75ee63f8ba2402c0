import json

import keras
import pytest

from keras_hashing import methods, zoo
from keras_hashing.zoo import config
from tests.zoo.conftest import edit_json, rehash, small_model


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(format=9), "has format 9; this version"),
        (lambda c: c.update(module="os"), "must hold format, method and arguments"),
        (lambda c: c.update(method="os.system"), "unknown value 'os.system'"),
        (lambda c: c.update(method=["dhn"]), "unknown value"),
        (lambda c: c.update(arguments=[]), "`arguments` must be a JSON object"),
        (lambda c: c["arguments"].update(pretrained=True), "unknown value 'pretrained'"),
        (lambda c: c["arguments"].update(activation="tanh"), "unknown value 'activation'"),
        (lambda c: c["arguments"].update(self=1), "unknown value 'self'"),
        (
            lambda c: c["arguments"].update(backbone={"class_name": "Lambda", "config": {}}),
            "`backbone` must be a text, number, true, false or null",
        ),
        (lambda c: c["arguments"].update(backbone=None), "`backbone` must be a name"),
        (lambda c: c["arguments"].update(backbone="../evil"), "`backbone` got the unknown value"),
        (lambda c: c["arguments"].update(backbone="keras.models"), "`backbone` got the unknown"),
        (lambda c: c["arguments"].update(name="a/b"), "`name` must be letters"),
        (lambda c: c["arguments"].update(hidden=10**9), "`hidden` must be between 1 and 65536"),
        (lambda c: c["arguments"].update(bits=10**9), "`bits` must be between 1 and 4096"),
        (lambda c: c["arguments"].update(bits=24), "with 24 bits, metadata.json dhn with 12"),
        (lambda c: c["arguments"].update(image_size=10**6), "`image_size` must be between"),
        (lambda c: c["arguments"].update(variant="x"), "`variant` got the unknown value"),
        (lambda c: c["arguments"].update(dropout="0.5"), "`dropout` must be a number"),
    ],
)
def test_config_never_chooses_code(entry, change, words):
    edit_json(entry / "config.json", change)
    rehash(entry, "config.json")
    with pytest.raises(ValueError) as caught:
        zoo.load(entry)
    assert words in str(caught.value)
    assert "config.json" in str(caught.value)


def test_pretrained_weights_are_not_fetched(monkeypatch):
    asked = []
    monkeypatch.setattr("keras_hashing.backbones.catalog._load_lite", lambda *a: asked.append(a))
    stored = {
        "format": 1,
        "method": "dhn",
        "arguments": {"bits": 8, "backbone": "efficientnet_lite0", "image_size": 32},
    }
    assert config.build(stored).bits == 8
    assert not asked


def test_config_of_a_model_is_json_scalars():
    stored = config.config_of(small_model(hidden=8))
    assert json.loads(json.dumps(stored)) == stored
    config.check_arguments(methods.DHN, stored["arguments"])


@pytest.mark.filterwarnings("ignore:.*does not have a `quantize` method")
def test_config_refuses_what_an_entry_cannot_hold():
    quantized = small_model(hidden=8)
    quantized.quantize("int8")
    for model, part in (
        (quantized, "layer_states"),
        (small_model(dtype="mixed_float16"), "dtype"),
        (small_model(head=[keras.layers.Dense(12)]), "head"),
    ):
        with pytest.raises(ValueError, match=f"must be all float32, .*{part}.* in its config"):
            config.config_of(model)
