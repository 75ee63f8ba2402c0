import json

import pytest

import keras_hashing
from keras_hashing import photos
from keras_hashing.cli import index
from tests.photos.conftest import tiny_backbone, tiny_hashing_model, write_photo

pytestmark = pytest.mark.usefixtures("tiny", "folder")


def summary(call, *words):
    result = call("index", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_folder_and_again(call):
    result = call("index", "holiday")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(
        "holiday.khindex: 8 photo(s), 64-bit codes, fixed orthogonal projection.\n"
        "8 new, 0 changed, 0 deleted; 8 encoded in "
    )
    assert "keras-hashing search PHOTO.jpg --index holiday.khindex" in result.stdout
    again = call("index", "holiday/")
    assert "0 new, 0 changed, 0 deleted; 0 encoded in " in again.stdout


def test_options_and_json(call, tmp_path):
    found = summary(call, "holiday", "--bits", 2, "--out", "my index")
    assert (found["index"], found["bits"], found["projection"]) == ("my index", 2, "itq")
    assert photos.PhotoIndex(tmp_path / "my index").bits == 2
    assert summary(call, "holiday", "--out", "my index")["encoded"] == 0


def test_the_default_place(tmp_path, monkeypatch, folder):
    assert str(index.default_index(folder)) == "holiday.khindex"
    monkeypatch.chdir(folder)
    assert str(index.default_index(folder / "..")) == f"{tmp_path.name}.khindex"
    assert str(index.default_index(type(folder)())) == "holiday.khindex"
    assert str(index.default_index(type(folder)("/"))) == "photos.khindex"


def test_the_index_may_lie_in_the_folder(call, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert summary(call, ".")["photos"] == 8
    assert summary(call, ".")["encoded"] == 0
    assert (folder / "holiday.khindex").is_dir()


def test_unreadable_files_are_listed(call, folder):
    for number in range(12):
        (folder / f"text{number:02}.jpg").write_text("no photo")
    said = call("index", "holiday").stdout
    assert "12 file(s) passed over:\n  text00.jpg: cannot be read as an image" in said
    assert "and 2 more; --json lists all." in said
    assert len(summary(call, "holiday")["unreadable"]) == 12


def test_a_run_that_was_stopped(call, folder, monkeypatch):
    vectors = photos.Encoder.vectors
    for number in range(8, 40):
        write_photo(folder / f"photo{number}.jpg", number)

    def stopping(encoder, images):
        if len(images) < 32:
            raise KeyboardInterrupt
        return vectors(encoder, images)

    with monkeypatch.context() as patched:
        patched.setattr(photos.Encoder, "vectors", stopping)
        result = call("index", "holiday")
    assert result.exit_code == 130
    assert "Stopped. What was encoded is kept" in result.stderr
    said = call("index", "holiday").stdout
    assert "40 new, 0 changed, 0 deleted; 8 encoded in " in said
    assert "32 were encoded by a run that did not finish." in said


def test_a_hashing_model_and_the_next_run_without_its_name(call, folder, monkeypatch):
    loaded = []
    model = tiny_hashing_model()
    monkeypatch.setattr(
        keras_hashing, "load", lambda name: loaded.append(name) or model, raising=False
    )
    found = summary(call, "holiday", "--model", "tiny_photos_5")
    assert (found["projection"], found["bits"]) == ("model", 5)
    write_photo(folder / "new.jpg", 100)
    assert summary(call, "holiday")["encoded"] == 1
    assert loaded == ["tiny_photos_5"] * 2


def test_an_index_of_another_kind(call, fails, monkeypatch, folder):
    call("index", "holiday", "--bits", 5)
    mend = "Choose another folder with --out, or delete that one to start over."
    assert fails("index", "holiday", "--bits", 6) == (
        f"holiday.khindex holds codes of 5 bits, not 6. {mend}"
    )
    assert fails("index", "holiday", "--model", "dhn_cifar10_48") == (
        "holiday.khindex was made with the model efficientnet_lite0, not dhn_cifar10_48. " + mend
    )
    other = tiny_backbone(seed=1, channels=64)
    monkeypatch.setattr("keras_hashing.backbones.get", lambda name: other)
    write_photo(folder / "new.jpg", 100)
    assert fails("index", "holiday") == (
        f"The model efficientnet_lite0 has changed since holiday.khindex was made. {mend}"
    )


def test_mistakes(call, fails, tmp_path, folder):
    assert fails("index", "nothing") == "There is no folder nothing. Check the path."
    assert "is a file" in fails("index", "holiday/photo0.jpg")
    assert "`bits` must be between 1 and 4096; got 0" in fails("index", "holiday", "--bits", 0)
    assert "efficientnet_lite0 gives 64 features" in fails("index", "holiday", "--bits", 65)
    (tmp_path / "empty").mkdir()
    assert "No image found in" in fails("index", "empty")
    (tmp_path / "empty" / "text.jpg").write_text("no photo")
    assert "None of the 1 image file(s) in" in fails("index", "empty")
    assert "is a file. Choose another place" in fails(
        "index", "holiday", "--out", "holiday/photo0.jpg"
    )
    call("index", "holiday")
    (tmp_path / "holiday.khindex" / "manifest.json").write_text("{}")
    assert "holiday.khindex cannot be read" in fails("index", "holiday")
