"""What a person writes to have an entry trained: a TOML file, every key checked."""

import dataclasses
import pathlib
import tomllib
from typing import Any

from keras_hashing import checks, html, methods
from keras_hashing import data as datasets
from keras_hashing.types import Path
from keras_hashing.zoo import metadata

_IMAGE_SIZE = 224  # pixels, where the recipe leaves it to the backbone
_SECTIONS = ("model", "data", "training")


@dataclasses.dataclass(frozen=True)
class Training:
    """How a model is trained.

    Args:
        epochs: int, 1 or more; 0 for a method that is fitted by `adapt`.
        batch_size: int, images at a time.
        learning_rate: float, the peak; AdamW, a linear warm-up over the first tenth of the
            steps, then as `schedule` says.
        head_rate: float above 0, the learning rate of what is not of the backbone, over that of
            the backbone.
        schedule: "cosine", down to 0; "constant".
        weight_decay: float, on everything but biases.
        average: float in [0, 1), momentum of the exponential average of the weights that is
            evaluated and kept; 0 keeps the weights themselves.
        flip: bool, mirror half of the images.
        shift: int, images are moved by up to so many pixels, edges reflected.
        erase: int, side in pixels of a square of each image that becomes gray.
        select: "best", keep the epoch with the highest mAP on the validation images; "last".
        features: None, train on images; or train the head alone on the frozen backbone's features,
            computed once: "raw"; or "standardised", which the head's first layer then takes into
            its weights.
        validation: bool, hold the protocol's validation images out. False trains on all of the
            protocol's training images, for a number of epochs that was chosen before.
        trained_from: str or None, how the name of the first layer of the backbone that is trained
            begins, such as "block4b"; see `optimizer.freeze_before`. None trains all of it.
        nested: list of ints below `bits`, lengths for which the first bits are trained as well;
            see `keras_hashing.methods.Nested`.
    """

    epochs: int = 0
    batch_size: int = 64
    learning_rate: float = 5e-4
    head_rate: float = 1.0
    schedule: str = "cosine"
    weight_decay: float = 1e-4
    average: float = 0.0
    flip: bool = True
    shift: int = 4
    erase: int = 0
    select: str = "best"
    features: str | None = None
    validation: bool = True
    trained_from: str | None = None
    nested: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        checks.whole("epochs", self.epochs, 0, None)
        checks.whole("batch_size", self.batch_size, 2, None, "Pairs need two images.")
        checks.between("learning_rate", self.learning_rate, 1e-9, 10.0)
        checks.between("head_rate", self.head_rate, 1e-3, 1e3)
        checks.one_of("schedule", self.schedule, ("cosine", "constant"))
        checks.between("weight_decay", self.weight_decay, 0.0, 1.0)
        checks.between("average", self.average, 0.0, 0.99999)
        checks.whole("shift", self.shift, 0, 1000)
        checks.whole("erase", self.erase, 0, 1000)
        checks.one_of("select", self.select, ("best", "last"))
        if self.features is not None:
            checks.one_of("features", self.features, ("raw", "standardised"))
            if self.flip or self.shift or self.erase or self.average or self.select == "best":
                raise ValueError(
                    "`features` are computed once, and trained on for a number of epochs that was "
                    "chosen before. Set flip = false, shift = 0, erase = 0, average = 0 and "
                    'select = "last".'
                )
            if self.trained_from is not None or self.nested or self.head_rate != 1.0:
                raise ValueError(
                    "`trained_from`, `nested` and `head_rate` are for training on images. Leave "
                    "out `features`."
                )
        if self.nested:
            checks.cutoffs("nested", self.nested)
        if self.select == "best" and not self.validation:
            raise ValueError('`select = "best"` needs `validation = true`. Use "last".')


@dataclasses.dataclass(frozen=True, repr=False)
class Recipe:
    """A whole recipe.

    Args:
        name: str, the entry's name, `<method>_<dataset>_<bits>`.
        seed: int, of weights, order and augmentation.
        model: dict, `method` and that class's arguments.
        data: dict, where the images are, as `keras_hashing.data.from_source` takes it.
        training: `Training`.
        text: str, the file as written.

    Example:
        >>> import keras_hashing as kh
        >>> recipe = kh.training.parse_recipe('''
        ... name = "itq_photos_48"
        ... model = {method = "itq", bits = 48, backbone = "small_cnn", image_size = 28}
        ... data = {folder = "photos"}
        ... training = {features = "raw", flip = false, shift = 0, select = "last"}
        ... ''')
        >>> recipe
        Recipe itq_photos_48
          model: method itq, bits 48, backbone small_cnn, image_size 28
          data: folder photos
          training: flip False, shift 0, select last, features raw
          seed: 0
    """

    name: str
    seed: int
    model: dict
    data: dict
    training: Training
    text: str

    def __repr__(self):
        return html.lines(self._facts(), f"Recipe {self.name}")

    def _repr_html_(self):
        return html.table(self._facts(), caption=f"Recipe {self.name}")

    def _facts(self):
        usual, settings = vars(Training()), vars(self.training).items()
        changed = {key: value for key, value in settings if value != usual[key]}
        return [
            ("model", describe_data(self.model)),
            ("data", describe_data(self.data)),
            ("training", describe_data(changed) or "the defaults"),
            ("seed", self.seed),
        ]


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Args:
        path: str or path-like, a TOML file.

    Returns:
        `Recipe`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not TOML, an unknown key, or one that is missing.

    Example:
        >>> path = pathlib.Path("itq.toml")
        >>> path.write_text('''
        ... name = "itq_photos_48"
        ... model = {method = "itq", bits = 48, backbone = "small_cnn", image_size = 28}
        ... data = {folder = "photos"}
        ... training = {features = "raw", flip = false, shift = 0, select = "last"}
        ... ''', encoding="utf-8") > 0
        True
        >>> read_recipe(path).name
        'itq_photos_48'
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recipe {path}.")
    text = path.read_text(encoding="utf-8")
    try:
        return parse_recipe(text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"recipe {path}: {error}") from error


def parse_recipe(text: str) -> Recipe:
    """The recipe in a TOML text; ValueError or TypeError as of `read_recipe`.

    Example:
        >>> import keras_hashing as kh
        >>> recipe = kh.training.parse_recipe('''
        ... name = "hashnet_nus_48"
        ... [model]
        ... method = "hashnet"
        ... bits = 48
        ... [data]
        ... train = "nus_wide/train.txt"
        ... query = "nus_wide/test.txt"
        ... database = "nus_wide/database.txt"
        ... root = "images"
        ... [training]
        ... epochs = 20
        ... validation = false
        ... select = "last"
        ... ''')
        >>> recipe.training.epochs, recipe.seed
        (20, 0)
        >>> kh.training.describe_data(recipe.data)[:26]
        'train nus_wide/train.txt, '
    """
    content = tomllib.loads(text)
    for key in content:
        checks.one_of("key", key, ("name", "seed", *_SECTIONS))
    for key in ("method", "bits"):
        if key not in content.get("model", {}):
            raise ValueError(f"[model] must have `{key}`.")
    _check_data(content.get("data", {}))
    allowed = [field.name for field in dataclasses.fields(Training)]
    for key in content.get("training", {}):
        checks.one_of("[training] key", key, allowed)
    name = checks.one_of("method", content["model"]["method"], methods.NAMES)
    training = content.get("training", {})
    fitted = methods.NAMES[name].adapts
    if "name" not in content or (not fitted and training.get("epochs", 0) == 0):
        raise ValueError("a recipe must have `name`, and `epochs` of 1 or more in [training].")
    metadata.check_name(content["name"])  # now, not after hours of training
    checks.whole("seed", content.get("seed", 0), 0, 2**32 - 1)
    training = Training(**training)
    _check_fit(content["model"], training)
    return Recipe(
        name=content["name"],
        seed=content.get("seed", 0),
        model=content["model"],
        data=content["data"],
        training=training,
        text=text,
    )


def _check_data(settings):
    """Which images are meant must be clear before anything is loaded."""
    try:
        kind = datasets.check_source(settings)
    except (TypeError, ValueError) as error:
        raise ValueError(f"[data]: {error}") from error
    if kind == "dataset" and "protocol" not in settings:
        raise ValueError("[data] must have `protocol`.")


def _check_fit(model, training):
    """[model] and [training] must go together."""
    missing = [key for key in ("backbone", "image_size") if key not in model]
    if training.features and missing:
        raise ValueError(f"[model] must have `{missing[0]}`: `features` are those of a backbone.")
    if training.nested and max(training.nested) >= model["bits"]:
        raise ValueError(
            f"`nested` must be lengths below `bits`, {model['bits']}; got {training.nested}."
        )
    if methods.NAMES[model["method"]].adapts and (training.epochs or training.features != "raw"):
        raise ValueError(
            f"{model['method']} is fitted by `adapt`. In [training], leave out "
            '`epochs`, and set features = "raw" and what goes with it.'
        )


def load_data(recipe, data_dir=None):
    """Load a recipe's images.

    Args:
        recipe: `Recipe`.
        data_dir: str, path-like or None. The folder that the paths in [data] start from, None for
            the working one; for a data set the folder of TFDS, None for its usual one.

    Returns:
        `keras_hashing.data.Data`; its validation part is empty where the recipe trains on all.

    Raises:
        FileNotFoundError: no such folder or list.
        ValueError: as of `keras_hashing.data.from_source`; or validation images are wanted and
            there are none.
    """
    training = recipe.training
    data = datasets.from_source(
        recipe.data,
        data_dir,
        image_size=recipe.model.get("image_size", _IMAGE_SIZE),
        validation=training.validation,
    )
    if training.validation and training.epochs and not len(data.validation):
        raise ValueError(
            f"`validation = true` in [training] holds images out, and {data.name} has none for "
            "it: set `validation` in [data], to 0.1 for example; or, in [training], "
            '`validation = false` and `select = "last"`.'
        )
    return data


def describe_data(settings: dict[str, Any]) -> str:
    """[data] of a recipe in a line, for cards: "folder photos, query 0.1, seed 0".

    Example:
        >>> describe_data({"folder": "photos", "query": 0.1, "seed": 0})
        'folder photos, query 0.1, seed 0'
    """
    return ", ".join(f"{key} {value}" for key, value in settings.items())
