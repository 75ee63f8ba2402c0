import json

import pytest

from keras_hashing import corpus, methods


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "x.keras"
    methods.DHN(bits=10, backbone="small_cnn", image_size=8).save(path)
    return path


def test_a_folder_and_again(call, folder, model_file):
    (folder / "text.jpg").write_text("no photo")
    words = ("encode", "holiday", "codes", "--model", model_file, "--shard-size", 5)
    result = call(*words)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(
        "codes: 8 code(s) of 10 bits in 2 shard(s); 9 image(s) encoded in "
    )
    assert "1 image(s) passed over: codes/quarantine.jsonl" in result.stdout
    again = call(*words).stdout
    assert "0 image(s) encoded.\n9 were encoded by a run before." in again
    assert corpus.Corpus("codes").manifest["model"] == str(model_file)


def test_options_and_json(call, folder, model_file):
    for number in range(8):
        place = folder / ("even" if number % 2 == 0 else "odd")
        place.mkdir(exist_ok=True)
        (folder / f"photo{number}.jpg").rename(place / f"{number}.jpg")
    words = ("--label", "folder", "--features", "float16", "--batch-size", 3, "--json")
    result = call("encode", "holiday", "codes", "--model", model_file, *words)
    facts = json.loads(result.stdout)
    assert (facts["corpus"], facts["images"], facts["encoded"]) == ("codes", 8, 8)
    made = corpus.Corpus("codes")
    assert made.labels.tolist() == [0] * 4 + [1] * 4
    assert made.column("features").shape[0] == 8


def test_arguments_reach_the_engine(call, folder, model_file, monkeypatch):
    given = {}

    def encode(**settings):
        given.update(settings)
        return corpus.Summary(1, 1, 0, 0, 1, 10, 0.1)

    monkeypatch.setattr("keras_hashing.corpus.encode", encode)
    words = ("--engine", "ray", "--workers", 3, "--address", "ray://head:10001", "--column", "x")
    assert call("encode", "s3://photos", "codes", "--model", model_file, *words).exit_code == 0
    expected = {"engine": "ray", "workers": 3, "address": "ray://head:10001", "column": "x"}
    assert expected.items() <= given.items()
    assert given["source"] == "s3://photos"


def test_a_run_that_was_stopped(call, folder, model_file, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_hashing.corpus.encode", stopped)
    result = call("encode", "holiday", "codes", "--model", model_file)
    assert result.exit_code == 130
    assert "Stopped. Finished shards are kept: the same command goes on." in result.stderr


def test_mistakes(fails, folder, model_file):
    assert fails("encode", "nothing", "codes", "--model", model_file) == (
        "There is nothing at nothing. Check the path."
    )
    line = fails("encode", "holiday", "codes", "--model", model_file, "--workers", 2)
    assert line == '`workers` and `address` are Ray\'s: pass `engine="ray"` too.'
    assert "missing.keras" in fails("encode", "holiday", "codes", "--model", "missing.keras")
    line = fails("encode", "holiday", "holiday/codes", "--model", model_file)
    assert "lies inside the source" in line
    assert "'spark'" in fails("encode", "holiday", "c", "--model", model_file, "--engine", "spark")
