"""How good are the neighbours in a folder of photos, with no training, and how long does it take?

    python -m benchmarks.folder_index FOLDER --json FILE

FOLDER has a sub-folder per class. It is indexed in a temporary place as `keras-hashing index`
does by default, and again. Then each photo is searched; precision at 10 is the share of its class
among its ten nearest other photos. The same by the cosine of the float features shows what the
codes lose. Without FOLDER, 120 drawn pictures of five classes stand in; those figures mean little.
"""

import argparse
import json
import os
import pathlib
import platform
import tempfile
import time

import numpy as np
from PIL import Image

from keras_hashing import codes, photos
from keras_hashing.cli import models
from keras_hashing.photos import storage

K = 10


def main():
    arguments = parse()
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        folder = arguments.folder or draw_photos(place / "drawn")
        figures = measure(folder, place / "folder.khindex", arguments.bits, arguments.model)
    report(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, help="a sub-folder per class")
    parser.add_argument("--bits", type=int, default=64)
    parser.add_argument("--model", help="a hashing model to take the codes of")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    return parser.parse_args()


def measure(folder, directory, bits, model=None):
    """Index, index again, search every photo; return the figures."""
    encoder = models.photo_encoder(model or models.DEFAULT_BACKBONE, hashing=model is not None)
    started = time.perf_counter()
    _ = encoder.model
    loading = time.perf_counter() - started
    started = time.perf_counter()
    summary = photos.update(directory, folder, encoder, None if model else bits)
    indexing = time.perf_counter() - started
    started = time.perf_counter()
    again = photos.update(directory, folder, encoder)
    rerun = time.perf_counter() - started
    assert again.encoded == 0
    index = photos.PhotoIndex(directory)
    labels = np.array([path.partition("/")[0] for path in index.paths])
    started = time.perf_counter()
    found = search_all(index, folder)
    searching = time.perf_counter() - started
    check(index, found)
    same = labels[:, None] == labels[None, :]
    return {
        "photos": summary.photos,
        "unreadable": len(summary.unreadable),
        "classes": len(set(labels.tolist())),
        "bits": summary.bits,
        "projection": summary.projection,
        "model_loading_s": round(loading, 2),
        "indexing_s": round(indexing, 2),
        "rerun_s": round(rerun, 3),
        "search_all_s": round(searching, 2),
        "precision_at_10": round(precision(same, found), 4),
        **cosine_of_features(directory, same, model),
        "chance": round(float((same.sum() - len(same)) / len(same) / (len(same) - 1)), 4),
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores",
    }


def search_all(index, folder):
    """Places of each photo's ten nearest other photos, int `(photos, 10)`."""
    place = {path: number for number, path in enumerate(index.paths)}
    answers = index.search([pathlib.Path(folder) / path for path in index.paths], k=K + 1)
    return np.array([[place[item.path] for item in answer.neighbours[1:]] for answer in answers])


def check(index, found):
    """The distances found are the ten smallest, by a plain sort of all."""
    distances = codes.hamming(index.codes, index.codes)
    np.fill_diagonal(distances, index.bits + 1)
    smallest = np.sort(distances, axis=1)[:, :K]
    np.testing.assert_array_equal(np.take_along_axis(distances, found, axis=1), smallest)


def cosine(directory):
    """Nearest other photos by the cosine of the centred features."""
    features = storage.read_vectors(directory).astype(np.float32)
    features = features[[row for _, row in storage.read(directory).photos]]
    features -= features.mean(axis=0)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    similarity = features @ features.T
    np.fill_diagonal(similarity, -2)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :K]


def cosine_of_features(directory, same, model):
    """Its figure; of a hashing model there are no features to compare with."""
    if model:
        return {}
    return {"precision_at_10_cosine": round(precision(same, cosine(directory)), 4)}


def precision(same, found):
    return float(np.take_along_axis(same, found, axis=1).mean())


def draw_photos(folder, classes=5, each=24):
    """Stripes of five directions in random colours."""
    generator = np.random.default_rng(0)
    across, down = np.meshgrid(np.arange(160), np.arange(120))
    for number in range(classes):
        (folder / f"class{number}").mkdir(parents=True)
        angle = np.pi * number / classes
        for item in range(each):
            phase, period = generator.uniform(0, 6), generator.uniform(3, 6)
            wave = np.sin((across * np.cos(angle) + down * np.sin(angle)) / period + phase)
            colours = generator.uniform(0, 255, (2, 3))
            pixels = colours[0] + (wave[..., None] + 1) / 2 * (colours[1] - colours[0])
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(folder / f"class{number}" / f"{item:02}.jpg")
    return folder


def report(figures):
    gain = figures["precision_at_10"] / figures["chance"]
    print(f"{figures['machine']}; {figures['photos']} photos, {figures['classes']} classes")
    print(
        f"indexed in {figures['indexing_s']} s ({figures['photos'] / figures['indexing_s']:.0f} "
        f"photos/s, model loaded in {figures['model_loading_s']} s before), again in "
        f"{figures['rerun_s']} s, all searched in {figures['search_all_s']} s"
    )
    cosine_of = figures.get("precision_at_10_cosine")
    beside = "" if cosine_of is None else f", {cosine_of:.3f} by cosine of the features"
    print(
        f"leave-one-out precision at 10: {figures['precision_at_10']:.3f} with {figures['bits']} "
        f"bits ({figures['projection']}){beside}; chance {figures['chance']:.3f}, {gain:.1f} times"
    )


if __name__ == "__main__":
    main()
