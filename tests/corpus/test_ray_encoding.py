import io
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow
import pytest
from PIL import Image

from keras_hashing import corpus
from keras_hashing.corpus import manifest as manifests
from keras_hashing.corpus import ray_encoding, sources
from tests.corpus.conftest import arrays, contents
from tests.corpus.test_ray_session import family
from tests.photos.conftest import write_photo


@pytest.fixture
def writer(folder, tmp_path, model):
    """What an actor holds, and a table as Ray gives it one."""
    target = tmp_path / "codes"
    target.mkdir()
    source = sources.open_source(folder)
    manifest = manifests.describe(model, "tiny", source, str(folder), 6, None)
    manifests.agree(target, manifest)
    model.save(tmp_path / "tiny.keras")
    made = ray_encoding.ShardWriter(str(tmp_path / "tiny.keras"), str(target), manifest, 4)
    part = pickle.dumps(source.cut(6, 12))
    return made, pyarrow.table({"number": [1], "source": [part]})


def test_an_actor_writes_the_shard_that_this_process_would(writer, encode, tmp_path):
    made, table = writer
    (answer,) = made(table).to_pylist()
    assert (answer["images"], answer["error"]) == (6, b"")
    assert time.time() - 600 < answer["began"] < time.time()
    found = contents(tmp_path / "codes")
    encode("here", name="tiny")
    assert found == {"part-00001.parquet": contents(tmp_path / "here")["part-00001.parquet"]}


def test_errors_travel_as_values(writer, tmp_path):
    made, table = writer
    made.manifest["weights_sha256"] = "of another model"
    (answer,) = made(table).to_pylist()
    assert "other weights after saving" in str(pickle.loads(answer["error"]))
    (tmp_path / "codes" / "manifest.json").unlink()
    (answer,) = made(table).to_pylist()
    error = pickle.loads(answer["error"])
    assert isinstance(error, FileNotFoundError)
    assert "a worker does not see" in str(error)
    assert "all of them share under one path" in str(error)


def test_errors_that_cannot_be_sent():
    class LocalError(Exception):
        pass

    error = pickle.loads(ray_encoding._pickled(LocalError("why")))
    assert (type(error), str(error)) == (RuntimeError, "LocalError: why")
    assert pickle.loads(ray_encoding._pickled(OSError(5, "x"))).errno == 5


def test_the_model_lies_in_the_target_meanwhile(tmp_path, model):
    with ray_encoding._stored(model, tmp_path) as path:
        assert [file.name for file in tmp_path.iterdir()] == [path.name]
        assert path.name.startswith(".")
        assert path.suffix == ".keras"
    assert not list(tmp_path.iterdir())


def many_photos(folder, count):
    """Photos, each tenth a text."""
    for number in range(count):
        path = write_photo(folder / f"{number:04}.jpg", number)
        if number % 10 == 3:
            path.write_text("no photo")
    return folder


def check(target, expected, count):
    """Every image once: with the codes of one process, or in the quarantine."""
    ids, codes, _ = arrays(target)
    np.testing.assert_array_equal(ids, arrays(expected)[0])
    np.testing.assert_array_equal(codes, arrays(expected)[1])
    lines = [json.loads(line) for line in (target / "quarantine.jsonl").read_text().splitlines()]
    assert sorted(ids + [line["id"] for line in lines]) == list(range(count))
    assert not list(target.glob(".*.tmp"))
    assert not list(target.glob(".*.keras"))


def wait_for(target, count, seconds=400):
    """Until so many shards are there."""
    deadline = time.monotonic() + seconds
    while len(list(target.glob("part-*"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.engines
def test_two_workers_give_the_codes_of_one_process(two_workers, encode, tmp_path):
    encode("here", label="folder", features="float16", name="tiny")
    ray = {"engine": "ray", "workers": 2}
    summary = encode(label="folder", features="float16", name="tiny", **ray)
    assert (summary.encoded, summary.broken) == (21, 1)
    check(tmp_path / "codes", tmp_path / "here", 21)
    assert arrays(tmp_path / "codes")[2] == arrays(tmp_path / "here")[2]
    again = encode(label="folder", features="float16", **ray)
    assert (again.encoded, again.resumed) == (0, 21)


@pytest.mark.engines
def test_what_a_worker_raises_arrives_and_a_rerun_mends_it(two_workers, encode, parquet, jpegs):
    path = parquet(image=jpegs, label=[0, 1, 2, -1, 0, 0, 0])
    settings = {"source": path, "label": "label", "shard_size": 2}
    ray = {"engine": "ray", "workers": 2}
    with pytest.raises(ValueError, match=r"got -1. It is the label of a.parquet#3"):
        encode(**settings, **ray)
    parquet(image=jpegs, label=[0, 1, 2, 1, 0, 0, 0])
    encode(**settings, **ray)
    target = path.parents[1] / "codes"
    assert arrays(target)[2] == [0, 1, 2, 1, 0, 0, 0]


@pytest.mark.engines
def test_a_worker_killed_halfway(two_workers, encode, tmp_path):
    source = many_photos(tmp_path / "many", 600)
    encode("here", source, shard_size=10)
    summaries = []
    settings = {"shard_size": 10, "engine": "ray", "workers": 2}
    run = threading.Thread(target=lambda: summaries.append(encode("codes", source, **settings)))
    run.start()
    target = tmp_path / "codes"
    wait_for(target, 2)
    pids = [pid for pid in family(os.getpid()) if title(pid).startswith("ray::MapWorker")]
    os.kill(pids[0], signal.SIGKILL)
    assert len(contents(target)) < 60  # it was halfway
    run.join(600)
    assert summaries[0].encoded == 600
    check(target, tmp_path / "here", 600)


def title(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.mark.engines
def test_the_driver_killed_and_run_again(two_workers, encode, tmp_path, model, repository):
    source = many_photos(tmp_path / "many", 600)
    encode("here", source, shard_size=10)
    model.save(tmp_path / "tiny.keras")
    target = tmp_path / "codes"
    words = [source, target, "--model", tmp_path / "tiny.keras", "--shard-size", 10]
    words += ["--batch-size", 4, "--engine", "ray", "--workers", 2]
    driver = subprocess.Popen(
        [sys.executable, "-m", "keras_hashing", "encode", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(repository)},
    )
    wait_for(target, 3)
    driver.kill()
    driver.wait()
    before = {path: path.stat().st_ino for path in target.glob("part-*")}
    assert 3 <= len(before) < 60  # it was halfway
    summary = encode("codes", source, shard_size=10, engine="ray", workers=2)
    assert summary.resumed >= 10 * len(before)
    assert summary.encoded + summary.resumed == 600
    assert {path: path.stat().st_ino for path in before} == before  # not written again
    check(target, tmp_path / "here", 600)


class Deadly:
    """A source whose fifth image ends the process that reads it."""

    classes = None

    def __len__(self):
        return 1

    def read(self, place):
        os._exit(1)


@pytest.mark.engines
@pytest.mark.slow
def test_an_image_that_kills_every_worker_ends_the_run(two_workers, folder, tmp_path, model):
    target = tmp_path / "codes"
    target.mkdir()
    source = sources.open_source(folder)
    manifest = manifests.describe(model, "tiny", source, str(folder), 1, None)
    manifests.agree(target, manifest)
    encoder = corpus.encoding.Encoder(model, 4)
    with pytest.raises(OSError, match="a worker died 3 times at one shard, or the cluster went aw"):
        list(ray_encoding.encode(encoder, target, manifest, [(4, Deadly())], 1, None))


@pytest.mark.engines
@pytest.mark.slow
def test_twenty_thousand_photos(two_workers, tmp_path, model):
    """JPEGs of real images where they are at hand; a worker dies on the way."""
    source = tmp_path / "photos"
    for number, pixels in zip(range(20_000), real_images(), strict=False):
        path = source / f"{number // 1000:02}" / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(pixels))
    for number in range(0, 20_000, 2500):
        (source / f"{number // 1000:02}" / f"{number:05}.jpg").write_text("no photo")
    settings = {"label": "folder", "verbose": 0}
    corpus.encode(model, source, tmp_path / "here", **settings)
    summaries = []
    run = threading.Thread(
        target=lambda: summaries.append(
            corpus.encode(model, source, tmp_path / "codes", engine="ray", workers=2, **settings)
        )
    )
    run.start()
    wait_for(tmp_path / "codes", 5)
    pids = [pid for pid in family(os.getpid()) if title(pid).startswith("ray::MapWorker")]
    os.kill(pids[0], signal.SIGKILL)
    run.join(1200)
    assert (summaries[0].encoded, summaries[0].broken) == (20_000, 8)
    check(tmp_path / "codes", tmp_path / "here", 20_000)
    assert len({bytes(code) for code in arrays(tmp_path / "here")[1]}) > 20


def real_images():
    """CIFAR-10's training images from KERAS_HASHING_DATA, else drawn ones; uint8 32 by 32."""
    folder = os.environ.get("KERAS_HASHING_DATA")
    if folder:
        import tensorflow_datasets as tfds

        data = tfds.load("cifar10", split="train", data_dir=folder, download=False)
        yield from (item["image"] for item in data.take(20_000).as_numpy_iterator())
        return
    rng = np.random.default_rng(0)
    for _ in range(20_000):
        coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
        yield np.asarray(coarse.resize((32, 32)))


def jpeg(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
