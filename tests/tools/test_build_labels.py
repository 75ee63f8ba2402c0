import numpy as np

from keras_hashing import data
from keras_hashing.zoo.protocol_labels import ProtocolLabels
from tools import build_labels


def test_what_is_written_is_read(tmp_path):
    train, test = np.repeat(np.arange(10), 620), np.repeat(np.arange(10), 3)
    build_labels.write(tmp_path / "fashion.npz", "fashion", train, test)
    stored = ProtocolLabels(tmp_path / "fashion.npz")
    assert stored.train_count == 6200
    assert np.array_equal(stored.labels, np.concatenate([train, test]))
    assert np.array_equal(stored.indices("fashion-orig", "query"), 6200 + np.arange(30))
    assert np.array_equal(stored.indices("fashion-orig", "training"), np.arange(6200))
    assert len(stored.indices("fashion-s1", "query")) == 1000
    assert len(stored.indices("fashion-s1", "validation")) == 500


def test_the_same_labels_give_the_same_bytes(tmp_path):
    train, test = np.repeat(np.arange(10), 620), np.arange(10)
    for name in "ab":
        build_labels.write(tmp_path / name, "mnist", train, test)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_command(tmp_path, monkeypatch, capsys):
    parts = [
        data.ImageSet(np.zeros((count, 2, 2, 1), np.uint8), np.arange(count) % 10)
        for count in (6200, 30)
    ]
    blank = dict.fromkeys(("train", "validation"))
    made = data.Data(name="fashion", database=parts[0], query=parts[1], **blank)
    asked = []
    monkeypatch.setattr(data, "load", lambda *words: asked.append(words) or made)
    monkeypatch.setattr("sys.argv", ["build_labels", "fashion", str(tmp_path), "--data-dir", "x"])
    build_labels.main()
    assert asked == [("fashion", "fashion-orig", "x")]
    assert ProtocolLabels(tmp_path / "fashion.npz").train_count == 6200
    assert str(tmp_path / "fashion.npz") in capsys.readouterr().out
