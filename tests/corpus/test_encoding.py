import contextlib
import errno
import json
import os
import subprocess

import fsspec
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem

import keras_hashing as kh
from keras_hashing.corpus import encoding
from tests.corpus.conftest import arrays, contents


def test_codes_equal_those_of_the_images_one_by_one(encode, folder, model, tmp_path):
    summary = encode(label="folder")
    assert (summary.images, summary.encoded, summary.resumed, summary.broken) == (21, 21, 0, 1)
    assert (summary.shards, summary.bits) == (4, 12)
    ids, codes, labels = arrays(tmp_path / "codes")
    paths = kh.data.list_images(folder)
    good = [place for place, path in enumerate(paths) if path.name != "05x.jpg"]
    assert ids == good
    np.testing.assert_array_equal(codes, kh.encode(model, [paths[place] for place in good]))
    assert labels == [int(paths[place].parent.name == "red") for place in good]
    (line,) = (tmp_path / "codes" / "quarantine.jsonl").read_text().splitlines()
    assert json.loads(line)["source"] == "red/05x.jpg"
    names = {path.name for path in (tmp_path / "codes").iterdir()}
    assert names == {"manifest.json", "quarantine.jsonl", ".lock", *contents(tmp_path / "codes")}


def test_every_kind_of_source_gives_the_same_codes(encode, folder, jpegs, parquet, tfrecord):
    photos = parquet("a.parquet", image=jpegs[:4])
    parquet("b.parquet", image=jpegs[4:])
    memory = fsspec.filesystem("memory")
    for number, content in enumerate(jpegs):
        memory.pipe(f"/corpus/{number}.jpg", content)
    records = tfrecord("a.tfrecord", [{"image": image} for image in jpegs])
    found = []
    for number, source in enumerate(
        [photos.parents[1] / "one", photos.parent, records, "memory://corpus"]
    ):
        encode(f"codes{number}", source)
        found.append(arrays(photos.parents[1] / f"codes{number}")[:2])
    memory.rm("/corpus", recursive=True)
    for ids, codes in found:
        assert ids == list(range(7))
        np.testing.assert_array_equal(codes, found[0][1])
    assert len({bytes(code) for code in found[0][1]}) > 3  # or the test shows nothing


def test_a_rerun_does_what_is_missing(encode, tmp_path):
    encode()
    before = contents(tmp_path / "codes")
    assert encode().resumed == 21
    (tmp_path / "codes" / "part-00001.parquet").unlink()
    cut = tmp_path / "codes" / "part-00003.parquet"
    cut.write_bytes(cut.read_bytes()[:100])
    (tmp_path / "codes" / ".part-00001.parquet.1234.tmp").write_text("of a killed process")
    (tmp_path / "codes" / ".model-1234.keras").write_text("of a killed driver")
    kept = (tmp_path / "codes" / "part-00000.parquet").stat().st_mtime_ns
    summary = encode(shard_size=None)  # as it was begun
    assert (summary.encoded, summary.resumed, summary.broken) == (9, 12, 1)
    assert contents(tmp_path / "codes") == before
    assert (tmp_path / "codes" / "part-00000.parquet").stat().st_mtime_ns == kept
    assert not list((tmp_path / "codes").glob(".*.*"))


def test_another_model_or_list_is_refused(encode, other_model, folder, tmp_path):
    encode()
    before = contents(tmp_path / "codes")
    with pytest.raises(ValueError, match="codes was begun with another weights of the model"):
        encode(model=other_model)
    with pytest.raises(ValueError, match="another shard_size: 6, not 7"):
        encode(shard_size=7)
    with pytest.raises(ValueError, match="another features: None, not float16"):
        encode(features="float16")
    (folder / "new.jpg").write_text("new")
    with pytest.raises(ValueError, match="the list of images of .* has changed: 21 when .* 22 now"):
        encode()
    assert contents(tmp_path / "codes") == before


def test_a_shard_of_another_model_is_refused(encode, other_model, tmp_path):
    encode()
    encode("others", model=other_model)
    shard = tmp_path / "codes" / "part-00002.parquet"
    (tmp_path / "others" / "part-00002.parquet").rename(shard)
    with pytest.raises(ValueError, match=r"part-00002.parquet is of another corpus: its weights"):
        encode()
    shard.unlink()
    assert encode().encoded == 6


def test_features(encode, tmp_path, model):
    encode(features="float32")
    found = kh.corpus.Corpus(tmp_path / "codes").column("features")
    assert (found.dtype, found.shape) == (np.float32, (20, model.backbone.output_shape[-1]))


def test_a_source_that_fails_leaves_whole_shards_and_a_rerun_mends_it(
    encode, folder, tmp_path, monkeypatch
):
    encode("whole")
    read = LocalFileSystem.cat_file

    def failing(self, path, *args, **kwargs):
        if path.endswith("04.jpg"):
            raise OSError(errno.EIO, "Input/output error", path)
        return read(self, path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(LocalFileSystem, "cat_file", failing)
        with pytest.raises(OSError, match=r"Input/output error: .*04.jpg"):
            encode()
    names = {path.name for path in (tmp_path / "codes").iterdir()}
    assert names == {"manifest.json", ".lock", "part-00000.parquet"}  # 04.jpg is the ninth
    assert encode().resumed == 6
    found, whole = contents(tmp_path / "codes"), contents(tmp_path / "whole")
    assert found.keys() == whole.keys()
    assert arrays(tmp_path / "codes")[0] == arrays(tmp_path / "whole")[0]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 20 KiB, if this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a file system: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_leaves_whole_shards_and_a_rerun_mends_it(encode, small_disk, tmp_path):
    encode()
    target = small_disk / "codes"
    for _ in range(2):
        with pytest.raises(OSError, match=r"No space left on device: .*was not written. What is"):
            encode(target)
        written = sorted(path.name for path in target.iterdir())
        assert [name for name in written if name.startswith("part")]
        assert not [name for name in written if name.endswith(".tmp")]
        assert "quarantine.jsonl" not in written
    subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)
    assert encode(target).resumed > 0
    ids, codes, _ = arrays(target)
    assert ids == arrays(tmp_path / "codes")[0]
    np.testing.assert_array_equal(codes, arrays(tmp_path / "codes")[1])


def test_two_runs_at_once(encode, tmp_path):
    import filelock

    (tmp_path / "codes").mkdir()
    lock = filelock.FileLock(tmp_path / "codes" / ".lock")
    with lock, pytest.raises(ValueError, match="codes is being written by another run. Wait"):
        encode()
    assert encode().encoded == 21


def test_progress_counts_every_image(encode, monkeypatch):
    import tqdm.auto

    bars = []

    class Bar:
        def __init__(self, **settings):
            self.settings, self.count = settings, 0
            bars.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, count):
            self.count += count

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    encode(verbose="auto")
    encode()
    (bar,) = bars  # nothing to do: no bar
    assert bar.count == bar.settings["total"] == 21
    assert (bar.settings["initial"], bar.settings["disable"]) == (0, None)


@pytest.mark.parametrize(("verbose", "disable"), [("auto", None), (0, True), (1, False)])
def test_a_progress_bar_is_asked_for_as_in_keras(monkeypatch, verbose, disable):
    import tqdm.auto

    asked = []

    def bar(**settings):
        asked.append(settings["disable"])
        return contextlib.nullcontext()

    monkeypatch.setattr(tqdm.auto, "tqdm", bar)
    encoding._follow((step for step in [0.0]), 3, 0, verbose)
    assert asked == [disable]


def test_seconds_count_from_the_first_image_on(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(encoding.time, "perf_counter", lambda: now[0])

    def engine():
        now[0] += 100.0  # of which 30 are encoding
        yield 30.0
        now[0] += 5.0
        yield 3

    assert encoding._follow(engine(), 3, 0, verbose=0) == 35.0


def test_mistakes(encode, model, folder, tmp_path):
    with pytest.raises(ValueError, match="`engine` got the unknown value 'spark'; allowed:"):
        encode(engine="spark")
    with pytest.raises(ValueError, match='`workers` and `address` are Ray\'s: pass `engine="ray"`'):
        encode(workers=2)
    with pytest.raises(ValueError, match="`features` got the unknown value 'int8'"):
        encode(features="int8")
    with pytest.raises(ValueError, match=r"codes lies inside the source .*photos. Choose a folder"):
        encode(folder / "codes")
    with pytest.raises(ValueError, match="`shard_size` must be at least 1; got 0. Pass the number"):
        encode(shard_size=0)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="file is a file. Choose a folder for the shards"):
        encode("file")
    features = kh.methods.DHN(bits=8, backbone=None)
    with pytest.raises(ValueError, match="a hashing model with a backbone; it has no image_size"):
        encode(model=features)
    with pytest.raises(FileNotFoundError, match="There is nothing at"):
        encode(source=folder / "nothing")
    assert not (tmp_path / "codes").exists()


def test_names_that_are_no_unicode(encode, folder, tmp_path):
    (folder / "red" / "01.jpg").rename(folder / "red" / os.fsdecode(b"gr\xfcn.jpg"))
    assert encode().images == 21
    assert "red/gr\N{REPLACEMENT CHARACTER}n.jpg" in kh.corpus.Corpus(tmp_path / "codes").column(
        "source"
    )


def test_the_order_of_the_first_release(folder, model, tmp_path):
    settings = {"shard_size": 6, "batch_size": 4, "verbose": 0}
    kh.corpus.encode(model, folder, tmp_path / "new", **settings)
    kh.corpus.encode(folder, str(tmp_path / "old"), model, **settings)
    kh.corpus.encode(source=folder, target=tmp_path / "named", model=model, **settings)
    new, *others = (contents(tmp_path / name) for name in ("new", "old", "named"))
    assert others == [new, new]


@pytest.mark.parametrize("model", ["model.keras", None, 7])
def test_no_model(folder, tmp_path, model):
    with pytest.raises(ValueError, match="`model` must be a hashing model with a backbone"):
        kh.corpus.encode(model, folder, tmp_path / "codes")
