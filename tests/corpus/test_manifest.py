import errno

import pytest

from keras_hashing import weights
from keras_hashing.corpus import manifest, sources


@pytest.fixture
def wanted(folder, model):
    source = sources.open_source(folder, label="folder")
    return manifest.describe(model, "tiny", source, str(folder), 6, None)


def test_what_it_says(folder, model, wanted):
    assert wanted == {
        "format": "keras_hashing corpus 1",
        "model": "tiny",
        "weights_sha256": weights.fingerprint(model),
        "bits": 12,
        "bit_order": "little",
        "preprocessing": {
            "image_size": 8,
            "pixels": "RGB, upright by EXIF, values 0 to 255",
            "resize": "bilinear, antialiased, to a square",
        },
        "features": None,
        "source": str(folder),
        "column": None,
        "label": "folder",
        "classes": ["blue", "red"],
        "items": 21,
        "list_sha256": sources.digest(sources.open_source(folder)),
        "shard_size": 6,
    }


@pytest.mark.parametrize(
    ("items", "size"),
    [(1, 256), (16_384, 256), (16_385, 257), (640_000, 10_000), (10_000_000, 10_000)],
)
def test_default_shard_size(model, items, size):
    class Source:
        classes = None

        def __len__(self):
            return items

        def identity(self):
            return iter(())

    found = manifest.describe(model, "tiny", Source(), "x", None, None)
    assert found["shard_size"] == size
    ranges = manifest.ranges(found)
    assert (ranges[0][0], ranges[-1][1]) == (0, items)
    assert sum(end - first for first, end in ranges) == items


def test_agreement(tmp_path, wanted):
    place = tmp_path / "codes"
    place.mkdir()
    manifest.agree(place, wanted)
    assert manifest.read(place) == wanted
    manifest.agree(place, {**wanted, "model": "another name for the same weights"})
    assert manifest.read(place)["model"] == "tiny"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weights_sha256": "abc", "model": "big"},
            r"begun with another weights of the model \(tiny, now big\): .*, not abc. Encode as it",
        ),
        ({"bits": 16}, "begun with another bits: 12, not 16"),
        ({"shard_size": 7}, "begun with another shard_size: 6, not 7"),
        ({"source": "elsewhere"}, "begun with another source: .*photos, not elsewhere"),
        ({"features": "float16"}, "another features: None, not float16"),
        (
            {"list_sha256": "abc", "items": 22},
            "the list of images of .*photos has changed: 21 when .* begun, 22 now. Encode new imag",
        ),
    ],
)
def test_a_corpus_of_something_else(tmp_path, wanted, changes, message):
    place = tmp_path / "codes"
    place.mkdir()
    manifest.agree(place, wanted)
    before = (place / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match=message):
        manifest.agree(place, {**wanted, **changes})
    assert (place / "manifest.json").read_bytes() == before


def test_a_folder_of_something_else(tmp_path, wanted):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"holds other files \(.*\) and no corpus. Choose a new"):
        manifest.agree(tmp_path, wanted)
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "manifest.json is damaged. Encode into a new folder"),
        ("[]", "is damaged"),
        ('{"format": "keras_hashing corpus 1", "items": 3, "shard_size": 0}', "is damaged"),
        ('{"format": "other 2", "items": 3, "shard_size": 1}', "of the format 'other 2'; this rel"),
    ],
)
def test_damaged(tmp_path, text, message):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        manifest.read(tmp_path)


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="is no corpus: it has no manifest.json. `keras-h"):
        manifest.read(tmp_path)


def test_written_whole(tmp_path):
    with manifest.whole_file(tmp_path / "a") as temporary:
        temporary.write_text("all of it")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_text() == "all of it"


def test_a_failure_is_named_and_leaves_nothing(tmp_path):
    (tmp_path / "a").write_text("before")
    message = r"No space left on device: .*/a was not written. What is finished is kept: make room"
    with (
        pytest.raises(OSError, match=message) as raised,
        manifest.whole_file(tmp_path / "a") as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "before"
