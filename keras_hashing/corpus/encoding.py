"""Encode a source of images into parquet shards, in one process or on Ray; resumable."""

import contextlib
import dataclasses
import os
import pathlib
import time
from typing import TYPE_CHECKING

import fsspec

from keras_hashing import checks, files
from keras_hashing.corpus import manifest as manifests
from keras_hashing.corpus import ray_encoding, ray_session, shards, sources
from keras_hashing.corpus.encoder import Encoder
from keras_hashing.types import Path

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Summary:
    """What an encoding did.

    Args:
        images: int, images of the source.
        encoded: int, images that this run went through, broken ones among them.
        resumed: int, images whose shards a run before had finished.
        broken: int, images in `quarantine.jsonl`.
        shards: int.
        bits: int.
        seconds: float, of this run's encoding, without listing the source, starting
            workers and tracing the model.

    Example:
        >>> counts = {"images": 3, "encoded": 2, "resumed": 1, "broken": 0, "shards": 1}
        >>> summary = Summary(**counts, bits=48, seconds=0.5)
        >>> summary.encoded / summary.seconds
        4.0
    """

    images: int
    encoded: int
    resumed: int
    broken: int
    shards: int
    bits: int
    seconds: float


def encode(
    model: "keras.Model",
    source: Path,
    target: Path,
    *,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    batch_size: int = 64,
    column: str | None = None,
    label: str | None = None,
    features: str | None = None,
    name: str | None = None,
    verbose: int | str = "auto",
) -> Summary:
    """Codes of many images, as parquet shards that a rerun completes.

    A shard is written to a temporary name and renamed, so it is whole or not there; a run that was
    cut off is finished by the same call, which skips finished shards. Images that cannot be read
    or decoded have no row; they stand in `quarantine.jsonl`, written at the end.

    Args:
        model: hashing model with a backbone. The order `encode(source, target, model)` is taken
            too.
        source: str or path-like: a folder of images, of parquet or of TFRecord files, one such
            file, or an fsspec URL of any of these.
        target: str or path-like, a local folder, or with Ray on several machines one that all of
            them see under this path.
        engine: "local", this process; or "ray" (extra `ray`), a model in each of `workers`
            processes, on GPUs where the cluster has any.
        workers: int, for Ray; default: the cores here, or the cluster's GPUs or its CPUs less one.
        address: str, of a running Ray cluster; None starts one in this machine, on loopback only.
        shard_size: int, images a shard; default: 1/64 of all, 256 at least and 10,000 at most,
            or what `target` was begun with.
        batch_size: int, images that go through the model at a time.
        column: str, parquet column or TFRecord feature with the images' bytes (or, in parquet,
            their paths); default: `image` or another usual name.
        label: str, column or feature with class numbers to keep; "folder" for a folder of images
            whose sub-folders are classes.
        features: "float16" or "float32" to keep the backbone's features too.
        name: str, the model's name in the manifest; default: `model.name`.
        verbose: 0 or 1, whether to show a bar with images/s and the time left; "auto" shows one on
            a terminal and in a notebook.

    Returns:
        `Summary`.

    Raises:
        FileNotFoundError: no such source, or a listed file is gone.
        ImportError: Ray, or the file system of a URL, is not installed.
        OSError: no space left, or the source fails; finished shards stay.
        ValueError: `target` was begun with another model, list or form, or an argument is wrong.

    Example:
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pathlib.Path("photos").mkdir()
        >>> for number in range(3):
        ...     Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(f"photos/{number}.png")
        >>> model = kh.zoo.load("dhn_fashion_48")
        >>> encode(model, "photos", "codes", verbose=0).encoded
        3
        >>> kh.corpus.Corpus("codes").codes.shape
        (3, 6)
    """
    if isinstance(model, (str, os.PathLike)) and hasattr(target, "bits"):  # as 0.1.0 has it
        model, source, target = target, model, source
    ray_session.check_engine(engine, workers, address)
    checks.one_of("verbose", verbose, ("auto", 0, 1))
    checks.one_of("features", features, (None, "float16", "float32"))
    _check_model(model)
    target, place = pathlib.Path(target).resolve(), _place(source)
    if target.exists() and not target.is_dir():
        raise ValueError(f"{target} is a file. Choose a folder for the shards.")
    _check_apart(place, target)
    opened = sources.open_source(source, column, label)
    if shard_size is None and (target / manifests.NAME).is_file():
        shard_size = manifests.read(target)["shard_size"]
    manifest = manifests.describe(model, name or model.name, opened, place, shard_size, features)
    with files.locked(target / ".lock", wait=False):
        manifests.agree(target, manifest)
        todo = _todo(target, manifest, opened)
        encoder = Encoder(model, batch_size, features)
        if engine == "local":
            done = _encode_here(encoder, target, manifest, todo)
        else:
            done = ray_encoding.encode(encoder, target, manifest, todo, workers, address)
        encoded = sum(len(part) for _, part in todo)
        seconds = _follow(done, len(opened), len(opened) - encoded, verbose) if todo else 0.0
        broken = shards.write_quarantine(target, manifest)
    return Summary(
        images=len(opened),
        encoded=encoded,
        resumed=len(opened) - encoded,
        broken=broken,
        shards=len(manifests.ranges(manifest)),
        bits=manifest["bits"],
        seconds=seconds,
    )


def _encode_here(encoder, target, manifest, todo):
    """Encode shards in this process; yields 0.0, then how many images came along, by batches."""
    ranges = manifests.ranges(manifest)
    numbers = iter([number for number, _ in todo])
    encoder.trace()
    yield 0.0
    for images, rows in encoder.encode([(ranges[number][0], part) for number, part in todo]):
        if rows is not None:
            shards.write(target, manifest, next(numbers), rows)
        yield images


def _follow(done, images, resumed, verbose):
    """Run an engine to its end under a progress bar; returns the seconds from its start on.

    An engine's first yield says how many seconds ago its first worker began with its first image.
    """
    from tqdm.auto import tqdm

    with contextlib.closing(done):
        before = next(done)
        started = time.perf_counter() - before
        bar = tqdm(
            desc="encode",
            total=images,
            initial=resumed,
            unit=" images",
            unit_scale=True,
            smoothing=0.1,
            disable=None if verbose == "auto" else not verbose,
        )
        with bar:
            for count in done:
                bar.update(count)
        return time.perf_counter() - started


def _todo(target, manifest, source):
    """List of (number, part of the source) that have no finished shard; removes leftovers."""
    for left in [*target.glob(".*.tmp"), *target.glob(".*.keras")]:  # of processes that were killed
        left.unlink(missing_ok=True)
    return [
        (number, source.cut(first, end))
        for number, (first, end) in enumerate(manifests.ranges(manifest))
        if not shards.finished(target, manifest, number)
    ]


def _check_model(model):
    missing = [name for name in ("bits", "image_size") if getattr(model, name, None) is None]
    if missing:
        raise ValueError(
            f"`model` must be a hashing model with a backbone; it has no {' and no '.join(missing)}"
            ". Pass what `kh.load`, `kh.zoo.load` or a method of `kh.methods` gives."
        )


def _place(source):
    """The source as the manifest names it: an absolute path, or the URL."""
    filesystem, path = fsspec.core.url_to_fs(os.fspath(source))
    local = isinstance(filesystem, fsspec.implementations.local.LocalFileSystem)
    return str(pathlib.Path(path).resolve()) if local else str(source)


def _check_apart(place, target):
    if target.is_relative_to(place):
        raise ValueError(
            f"{target} lies inside the source {place}. Choose a folder outside, so that shards "
            "never become part of the source."
        )
