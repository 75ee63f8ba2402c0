"""What does encoding a folder cost beside the bare model, and what does Ray cost beside that?

    python -m benchmarks.encoding --json FILE

EfficientNet-Lite0 at 224 pixels with a DHN head of 48 bits encodes drawn photos, JPEGs of
`--side` pixels:

bare      `model.predict` on arrays that were decoded before, of the same side
default   `keras_hashing.corpus.encode`: files read, decoded, encoded, and shards written
ray       the same with `engine="ray"` and a worker for each core, if Ray is installed

Each takes `--rounds` turns at a part of the images, one after the other, so that a slow minute of
the machine slows all; all may use the same cores. The ratio is of images a second, over all turns.
Seconds count from the first image on: tracing the model is left out, and the start of Ray and of
its workers is given apart. The codes of both engines are compared with the bare ones.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Ray would run its workers below other programs of the machine, which the others do not.
os.environ.setdefault("RAY_worker_niceness", "0")

import numpy as np
from PIL import Image

from keras_hashing import codes, corpus, methods
from keras_hashing.data import images

GOALS = {"default/bare": 0.9, "ray/default": 0.8}
BITS, BATCH = 48, 64
MOST_BITS_OFF = 0.001  # of all bits: outputs near 0 may differ by how many threads there are


def main():
    arguments = parse()
    model = methods.DHN(bits=BITS, backbone="efficientnet_lite0")
    each = -(-arguments.images // arguments.rounds)
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        folders = [
            draw(place / f"photos{n}", each, arguments.side, n) for n in range(arguments.rounds)
        ]
        figures = {
            "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores",
            "images": each * arguments.rounds,
            "side": arguments.side,
            **measure(model, folders, place),
        }
    report(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--side", type=int, default=224, help="pixels of the photos")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    return parser.parse_args()


def measure(model, folders, place):
    """Run the ways in turn; return seconds of each, ratios, and how many bits differ."""
    with_ray = importlib.util.find_spec("ray") is not None
    batch = np.zeros((BATCH, *images.read_image(images.find_images(folders[0])[0]).shape), np.uint8)
    model.predict(batch, batch_size=BATCH, verbose=0)  # traces the model
    seconds = {"bare": [], "default": [], "ray": []}
    starts, off = [], 0
    for number, folder in enumerate(folders):
        bare, found = run_bare(model, folder)
        seconds["bare"].append(bare)
        for engine in ("local", "ray")[: 1 + with_ray]:
            target = place / f"{engine}{number}"
            started = time.perf_counter()
            workers = len(os.sched_getaffinity(0)) if engine == "ray" else None
            summary = corpus.encode(
                model,
                folder,
                target,
                engine=engine,
                workers=workers,
                batch_size=BATCH,
                verbose=0,
            )
            off += bits_off(corpus.Corpus(target).codes, found)
            if engine == "ray":
                starts.append(time.perf_counter() - started - summary.seconds)
            seconds["ray" if engine == "ray" else "default"].append(summary.seconds)
    compared = (1 + with_ray) * len(folders) * len(found) * BITS
    assert off <= MOST_BITS_OFF * compared, f"{off} of {compared} bits differ"
    total = {name: sum(values) for name, values in seconds.items() if values}
    ratios = {"default/bare": total["bare"] / total["default"]}
    if with_ray:
        ratios["ray/default"] = total["default"] / total["ray"]
    return {
        "seconds": {name: [round(s, 2) for s in values] for name, values in seconds.items()},
        "ratios": {name: round(value, 3) for name, value in ratios.items()},
        "ray_start_s": round(statistics.median(starts), 1) if starts else None,
        "bits_off": int(off),
        "bits_compared": compared,
    }


def run_bare(model, folder):
    """Seconds of `model.predict` on decoded photos, and their codes."""
    pixels = np.stack([images.read_image(path) for path in images.find_images(folder)])
    started = time.perf_counter()
    outputs = model.predict(pixels, batch_size=BATCH, verbose=0)
    return time.perf_counter() - started, codes.pack(outputs)


def bits_off(some, others):
    assert some.shape == others.shape
    return int(np.bitwise_count(some ^ others).sum())


def draw(folder, count, side, seed):
    """Photos of coarse colours with some grain, about as large as JPEGs of photos are."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8))
        smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.int16)
        grain = rng.integers(-12, 13, (side, side, 1))
        image = Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))
        image.save(folder / f"{number:05}.jpg", quality=85)
    return folder


def report(figures):
    print(f"{figures['machine']}; {figures['images']} JPEGs of {figures['side']} px, lite0 at 224")
    for name, seconds in figures["seconds"].items():
        if seconds:
            speed = figures["images"] / sum(seconds)
            print(f"{name:8} {speed:7.1f} images/s   seconds by turn: {seconds}")
    if figures["ray_start_s"] is not None:
        print(f"Ray and its workers take {figures['ray_start_s']} s to start")
    for name, ratio in figures["ratios"].items():
        print(f"{name:12} {ratio:.2f} (goal: at least {GOALS[name]})")
    print(f"bits that differ: {figures['bits_off']} of {figures['bits_compared']:,}")


if __name__ == "__main__":
    main()
