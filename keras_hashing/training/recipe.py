"""What a person writes to have an entry trained: a TOML file, every key checked."""

import dataclasses
import pathlib
import tomllib

from keras_hashing import checks, methods
from keras_hashing.zoo import metadata

_SECTIONS = ("model", "data", "training")
_DATA = {"dataset": ("dataset", "protocol"), "folder": ("folder", "validation", "query", "seed")}


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
            begins, such as "block4b"; see `freezing.freeze_before`. None trains all of it.
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


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A whole recipe.

    Args:
        name: str, the entry's name, `<method>_<dataset>_<bits>`.
        seed: int, of weights, order and augmentation.
        model: dict, `method` and that class's arguments.
        data: dict, `dataset` and `protocol`, as `keras_hashing.data.load` takes them; or
            `folder`, `validation`, `query`, `seed`, as `keras_hashing.data.from_folder` does.
        training: `Training`.
        text: str, the file as written.
    """

    name: str
    seed: int
    model: dict
    data: dict
    training: Training
    text: str


def read_recipe(path):
    """Read a recipe.

    Args:
        path: str or path-like, a TOML file.

    Returns:
        `Recipe`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not TOML, an unknown key, or one that is missing.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recipe {path}.")
    text = path.read_text(encoding="utf-8")
    try:
        return parse_recipe(text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"recipe {path}: {error}") from error


def parse_recipe(text):
    """The recipe in a TOML text; ValueError or TypeError as of `read_recipe`."""
    content = tomllib.loads(text)
    for key in content:
        checks.one_of("key", key, ("name", "seed", *_SECTIONS))
    kind = "folder" if "folder" in content.get("data", {}) else "dataset"
    needs = {"model": ("method", "bits"), "data": ("folder",) if kind == "folder" else _DATA[kind]}
    for section, needed in needs.items():
        for key in needed:
            if key not in content.get(section, {}):
                raise ValueError(f"[{section}] must have `{key}`.")
    allowed = [field.name for field in dataclasses.fields(Training)]
    for key in content.get("training", {}):
        checks.one_of("[training] key", key, allowed)
    for key in content["data"]:
        checks.one_of("[data] key", key, _DATA[kind])
    method = methods.NAMES[checks.one_of("method", content["model"]["method"], methods.NAMES)]
    adapts = method.adapts
    if "name" not in content or (not adapts and content.get("training", {}).get("epochs", 0) == 0):
        raise ValueError("a recipe must have `name`, and `epochs` of 1 or more in [training].")
    metadata.check_name(content["name"])  # now, not after hours of training
    checks.whole("seed", content.get("seed", 0), 0, 2**32 - 1)
    training = Training(**content.get("training", {}))
    if training.nested and max(training.nested) >= content["model"]["bits"]:
        raise ValueError(
            f"`nested` must be lengths below `bits`, {content['model']['bits']}; got "
            f"{training.nested}."
        )
    if adapts and (training.epochs or training.features != "raw"):
        raise ValueError(
            f"{content['model']['method']} is fitted by `adapt`. In [training], leave out "
            '`epochs`, and set features = "raw" and what goes with it.'
        )
    return Recipe(
        name=content["name"],
        seed=content.get("seed", 0),
        model=content["model"],
        data=content["data"],
        training=training,
        text=text,
    )
