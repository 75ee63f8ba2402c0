"""How much of a training step does a loss over pairs or triplets take?

    python -m benchmarks.loss_overhead --json FILE

One network, EfficientNet-Lite0 with a dense layer to 48 outputs, is trained on one batch with a
softmax classification loss and with the losses of DHN, HashNet and DNNH in its place; TALR's
comes along. The losses take turns, so that a slow minute of the machine slows all of them. The
step's ratio to that of classification is noisier than the overhead itself, so each loss is also
timed alone, forward and backward on the same outputs; its share of the classification step is
what the goal is about. Figures are CPU time of the process on one thread, so that other work on
the machine does not count. First the triplet loss must equal NumPy's on this batch.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import argparse
import json
import pathlib
import platform
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from keras_hashing import backbones, layers, losses

GOAL = 5.0  # per cent of a training step
RUNS = 7
WARM_UP = 2
CALLS = 20  # of a loss alone, in one timing

LOSSES = {
    "softmax": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "pairs, DHN": lambda: losses.PairwiseCrossEntropy(quantization_weight=0.3),
    "weighted pairs, HashNet": losses.WeightedPairwiseCrossEntropy,
    "triplets, DNNH": losses.TripletRanking,
    "ranking, TALR": losses.TieAwareAP,
}


def main():
    arguments = parse()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    data = batch(arguments)
    check(data[1], arguments.bits)
    place = machine()
    print(place)
    steps = measure(step_jobs(data, arguments), 1)
    alone = measure(loss_jobs(data[1], arguments.bits), CALLS)
    figures = {
        "machine": place,
        "sizes": [arguments.batch, arguments.image_size, arguments.bits],
        "goal_percent": GOAL,
        "losses": {name: summary(name, steps, alone) for name in LOSSES},
    }
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--bits", type=int, default=48)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    return parser.parse_args()


def machine():
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, 1 thread; "
        f"Python {platform.python_version()}, TensorFlow {tf.__version__}, "
        f"Keras {keras.__version__}"
    )


def batch(arguments):
    generator = np.random.default_rng(0)
    side = arguments.image_size
    images = generator.integers(0, 256, (arguments.batch, side, side, 3)).astype("float32")
    return tf.constant(images), generator.integers(0, arguments.classes, arguments.batch)


def outputs_of(labels, bits):
    return np.random.default_rng(1).uniform(-1, 1, (len(labels), bits)).astype("float32")


def check(labels, bits):
    """The triplet loss is the mean over every anchor's triplets."""
    outputs = outputs_of(labels, bits)
    sigmoids = (outputs.astype("float64") + 1) / 2
    distances = ((sigmoids[:, None] - sigmoids[None]) ** 2).sum(axis=-1)
    same = labels[:, None] == labels[None]
    values = []
    for i, row in enumerate(distances):
        near, far = row[same[i] & (np.arange(len(row)) != i)], row[~same[i]]
        hinges = np.maximum(near[:, None] - far[None] + 1, 0)
        values.append(hinges.mean() if hinges.size else 0.0)
    np.testing.assert_allclose(losses.TripletRanking()(labels, outputs), np.mean(values), rtol=1e-5)


def step_jobs(data, arguments):
    """A training step of the same network for every loss."""
    jobs = {}
    for name, make in LOSSES.items():
        backbone = backbones.get("efficientnet_lite0", arguments.image_size)
        head = layers.HashHead(arguments.bits)
        model = keras.Sequential([backbone, head], name="network")
        model.compile("adamw", make())
        jobs[name] = lambda model=model: model.train_on_batch(*data)
    return jobs


def loss_jobs(labels, bits):
    """Value and gradient of every loss, compiled as in a training step."""
    outputs, labels = tf.constant(outputs_of(labels, bits)), tf.constant(labels)

    def job(loss):
        @tf.function
        def run(outputs):
            with tf.GradientTape() as tape:
                tape.watch(outputs)
                value = loss(labels, outputs)
            return value, tape.gradient(value, outputs)

        return lambda: run(outputs)

    return {name: job(make()) for name, make in LOSSES.items()}


def measure(jobs, calls):
    """CPU seconds of one call, by job and run; the jobs take turns."""
    seconds = {name: [] for name in jobs}
    for run in range(WARM_UP + RUNS):
        for name, job in jobs.items():
            start = time.process_time()
            for _ in range(calls):
                job()
            if run >= WARM_UP:
                seconds[name].append((time.process_time() - start) / calls)
    return seconds


def summary(name, steps, alone):
    """Medians and ranges in ms; the step over the classification step; the loss's share of it."""
    classification = statistics.median(steps["softmax"])
    # Each run against the classification step of its own turn, for the spread.
    ratios = [one / other for one, other in zip(steps[name], steps["softmax"], strict=True)]
    return {
        "step_ms": round(1e3 * statistics.median(steps[name]), 1),
        "step_ms_range": [round(1e3 * end(steps[name]), 1) for end in (min, max)],
        "step_ratio": round(statistics.median(steps[name]) / classification, 4),
        "step_ratio_range": [round(end(ratios), 4) for end in (min, max)],
        "loss_ms": round(1e3 * statistics.median(alone[name]), 3),
        "loss_ms_range": [round(1e3 * end(alone[name]), 3) for end in (min, max)],
        "loss_percent": round(100 * statistics.median(alone[name]) / classification, 3),
    }


def show(figures):
    size, side, bits = figures["sizes"]
    print(f"batch {size}, {side} pixels, {bits} bits; median and range of {RUNS} runs, CPU time")
    for name, row in figures["losses"].items():
        low, high = row["step_ratio_range"]
        print(
            f"  {name:24} step {row['step_ms']:7.1f} ms, {row['step_ratio']:.3f} of softmax "
            f"({low:.3f} to {high:.3f}); loss alone {row['loss_ms']:6.3f} ms, "
            f"{row['loss_percent']:.2f} % of the step"
        )
    most = max(row["loss_percent"] for row in figures["losses"].values())
    verdict = "reached" if most <= GOAL else "MISSED"
    print(f"at most {most:.2f} % of a step; goal {GOAL:g} %: {verdict}")


if __name__ == "__main__":
    main()
