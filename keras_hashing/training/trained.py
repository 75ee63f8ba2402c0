"""The one door of training: a recipe in, a trained model with what it was trained on out."""

import dataclasses
import pathlib

from keras_hashing import html, zoo
from keras_hashing.data import Data, ImageSet
from keras_hashing.data.loading import PARTS
from keras_hashing.methods import HashingModel
from keras_hashing.training.frozen_features import PartFeatures, features_of
from keras_hashing.training.on_features import head_outputs, train_head
from keras_hashing.training.on_images import train_images
from keras_hashing.training.recipe import Recipe, load_data
from keras_hashing.types import Float32Array, Path

RUNS = "runs"
FEATURES = "runs/features"


@dataclasses.dataclass(frozen=True, repr=False)
class Trained:
    """A recipe's trained model; what `publish` makes an entry of.

    Attributes:
        recipe: `Recipe`.
        model: `keras_hashing.methods.HashingModel`, from images to outputs.
        data: `keras_hashing.data.Data`, the four parts.
        history: list of dicts, one an epoch; empty for a method that is fitted at once.
        features: `PartFeatures` that the head was trained on; None where it was on images.
        features_dir: path of the folder where features of frozen backbones are kept.

    Example:
        >>> import keras_hashing as kh
        >>> recipe = kh.training.parse_recipe('''
        ... name = "dhn_sample_8"
        ... model = {method = "dhn", bits = 8, backbone = "small_cnn", image_size = 28}
        ... data = {folder = "sample"}
        ... training = {epochs = 1}
        ... ''')
        >>> model = kh.methods.DHN(bits=8, backbone="small_cnn", image_size=28)
        >>> some = kh.data.sample().subset(range(5))
        >>> data = kh.data.Data("sample", train=some, validation=some, query=some, database=some)
        >>> trained = Trained(recipe, model, data, [], None, pathlib.Path("runs"))
        >>> print(trained)
        Trained dhn_sample_8
          model: dhn, 8 bits
          images: 5 train, 5 validation, 5 query, 5 database
          trained on: images
          epochs: 0
        >>> trained.outputs_of(model, data.query).shape
        (5, 8)
    """

    recipe: Recipe
    model: HashingModel
    data: Data
    history: list
    features: PartFeatures | None
    features_dir: pathlib.Path

    def __repr__(self):
        return html.lines(self._facts(), self._title)

    def _repr_html_(self):
        return html.table(self._facts(), caption=self._title)

    @property
    def _title(self):
        return f"Trained {self.recipe.name}"

    def _facts(self):
        last = self.history[-1] if self.history else {}
        counts = [f"{len(getattr(self.data, part)):,} {part}" for part in PARTS]
        return [
            ("model", f"{self.model.method}, {self.model.bits} bits"),
            ("images", ", ".join(counts)),
            ("trained on", "images" if self.features is None else "features of its backbone"),
            ("epochs", len(self.history)),
            *((name, f"{value:.4g}") for name, value in last.items() if name != "epoch"),
        ]

    def outputs_of(self, model: HashingModel, images: ImageSet) -> Float32Array:
        """Outputs of a model for images of these data, from stored features where there are any.

        Args:
            model: this model, or the same read back from an entry.
            images: `ImageSet`, a part of `data`.

        Returns:
            Float32 array `(n, bits)`.
        """
        if self.features is None:
            return zoo.image_outputs(model, images)
        return head_outputs(model, self.features.of(images))


def train(
    recipe: Recipe,
    *,
    run_dir: Path | None = None,
    data_dir: Path | None = None,
    features_dir: Path = FEATURES,
    verbose: int | str = 1,
) -> Trained:
    """Train a recipe, on images or on features of its frozen backbone, as it says.

    Features are computed once and kept. A run on images that was killed goes on where it stopped
    when it is called again with the same folder. The test queries are not touched.

    Args:
        recipe: `Recipe`, of `read_recipe`, `parse_recipe` or `folder_recipe`.
        run_dir: str or path-like, the folder of a run on images: checkpoints, `history.csv`,
            logs for TensorBoard. Default `runs/NAME`.
        data_dir: str, path-like or None; the folder that the recipe's paths start from, None for
            the working one; of a data set that of TensorFlow Datasets, None for its usual one.
        features_dir: str or path-like, where features are kept.
        verbose: int, as `fit` takes it.

    Returns:
        `Trained`.

    Raises:
        FileNotFoundError: no such data.
        ValueError: an argument that the method does not have, or a run folder of another recipe.

    Example:
        >>> import pathlib
        >>> import numpy as np
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), "uint8")
        >>> for number, image in enumerate(pixels):
        ...     folder = pathlib.Path("photos", "even" if number % 2 == 0 else "odd")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.fromarray(image).save(folder / f"{number}.png")
        >>> recipe = kh.training.folder_recipe("photos", method="itq", bits=8)
        >>> trained = kh.training.train(recipe)
        >>> trained.model.bits, len(trained.data.train), len(trained.data.query)
        (8, 16, 2)
        >>> kh.training.publish(trained, recipe.name).name
        'itq_photos_8'
    """
    data = load_data(recipe, data_dir)
    features = features_of(recipe, data, features_dir) if recipe.training.features else None
    return train_loaded(recipe, data, features, features_dir, run_dir=run_dir, verbose=verbose)


def train_loaded(recipe, data, features, features_dir=FEATURES, *, run_dir=None, verbose=1):
    """`train` with data and features that other recipes use too.

    Args:
        recipe: `Recipe`.
        data: `keras_hashing.data.Data` of `load_data`.
        features: `PartFeatures` of `features_of`, or None where the recipe trains on images.
        features_dir, run_dir, verbose: as of `train`.

    Returns:
        `Trained`.
    """
    if features is None:
        run_dir = pathlib.Path(RUNS, recipe.name) if run_dir is None else run_dir
        model, history = train_images(recipe, data, run_dir, verbose)
    else:
        model, history = train_head(recipe, data, features)
    return Trained(recipe, model, data, history, features, pathlib.Path(features_dir))
