import numpy as np
import pytest

from keras_hashing import data
from tools import build_sample


def fake_set(count=600, first=0):
    labels = np.arange(count) % 2
    images = np.full((count, 28, 28, 1), 5, np.uint8)
    return data.ImageSet(images, labels, [f"test_{first + i:05d}" for i in range(count)])


def test_choose_takes_the_first_of_each_class_that_are_not_training():
    test = fake_set()
    chosen = build_sample.choose(test, np.array(["test_00000", "test_00003"]))
    # Class 0 has the even positions and loses 0; class 1 the odd ones and loses 3.
    even = list(range(2, 600, 2))[:200]
    odd = [i for i in range(1, 600, 2) if i != 3][:200]
    assert chosen.tolist() == sorted(even + odd)


def test_build_writes_what_sample_reads(monkeypatch, tmp_path):
    parts = {"fashion-orig": ("query", fake_set()), "fashion-s1": ("train", fake_set(4))}

    def load(name, protocol, data_dir, validation=True):
        assert (name, data_dir) == ("fashion", "folder")
        part, images = parts[protocol]
        blank = dict.fromkeys(("train", "validation", "query", "database"))
        return data.Data(name=name, **{**blank, part: images})

    monkeypatch.setattr(build_sample, "load", load)
    build_sample.build(tmp_path / "a.npz", "folder")
    build_sample.build(tmp_path / "b.npz", "folder")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as stored:
        assert stored["positions"][:3].tolist() == [4, 5, 6]
        assert stored["labels"].dtype == np.uint8
        assert stored["images"].shape == (400, 28, 28, 1)


def test_command(monkeypatch, tmp_path, capsys):
    asked = []

    def build(out, data_dir):
        asked.append((out, data_dir))
        out.write_bytes(b"abc")

    monkeypatch.setattr(build_sample, "build", build)
    out = tmp_path / "a.npz"
    for words, data_dir in ((), None), (("--data-dir", "folder"), "folder"):
        monkeypatch.setattr("sys.argv", ["build_sample", str(out), *words])
        build_sample.main()
        assert asked.pop() == (out, data_dir)
        assert capsys.readouterr().out == f"{out} 3 bytes\n"
    monkeypatch.setattr("sys.argv", ["build_sample"])
    with pytest.raises(SystemExit):
        build_sample.main()
