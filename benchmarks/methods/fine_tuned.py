"""DLBHC trained end to end under `cifar10-orig`, where a frozen backbone is not enough.

    python -m benchmarks.methods.fine_tuned --data-dir DIR --run FOLDER

One `Nested` model gives the three lengths of the published table. It takes two epochs of the 50,000
images at 96 px, about twenty minutes on two cores; called again with the same folder it goes on
with the last whole epoch. The figures join `docs/results/methods.csv`.
"""

import argparse
import pathlib

import keras

from benchmarks.methods.runs import AT, Run, figures_of
from benchmarks.methods.table import Table
from keras_hashing import codes, data, encoding, evaluation, methods
from keras_hashing.training.batches import TrainingBatches
from keras_hashing.training.recipe import Training
from keras_hashing.training.train import EpochState, make_optimizer

LENGTHS = (12, 32, 48)
SETTINGS = Training(epochs=2, learning_rate=5e-4, select="last", validation=False)
IMAGE_SIZE = 96
SEED = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets; default: its own")
    parser.add_argument("--run", type=pathlib.Path, required=True, help="folder of this training")
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("docs/results"))
    arguments = parser.parse_args()
    sets = data.load("cifar10", "cifar10-orig", arguments.data_dir, validation=False)
    model = train(sets.train, arguments.run)
    Table(arguments.results / "methods.csv").add(measure(model, sets))


def train(images, folder):
    """A `Nested` DLBHC of the whole network, trained on an `ImageSet`."""
    keras.utils.set_random_seed(SEED)
    model = methods.Nested(methods.DLBHC, bits=LENGTHS, image_size=IMAGE_SIZE, dropout=0.2)
    batches = TrainingBatches(images, SETTINGS.batch_size, SEED, shift=SETTINGS.shift)
    model.compile(make_optimizer(SETTINGS, len(batches)))
    model.fit(
        batches,
        epochs=SETTINGS.epochs,
        shuffle=False,
        verbose=2,
        callbacks=[
            EpochState(batches),
            keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False),
        ],
    )
    return model


def measure(model, sets):
    """Rows for the table, one for each length."""
    query, database = (
        codes.pack(encoding.outputs(model, part.images, batch_size=256))
        for part in (sets.query, sets.database)
    )
    rows = []
    for bits in LENGTHS:
        one, other = (codes.prefix(array, model.bits, bits) for array in (query, database))
        report = evaluation.evaluate(one, sets.query.labels, other, sets.database.labels, bits, AT)
        run = Run("fine-tuned", "cifar10-orig", "dlbhc", 0, bits, SEED)
        rows.append({**vars(run), **figures_of(report)})
    return rows


if __name__ == "__main__":
    main()
