"""A trained model as an entry: what is shipped is read back and then measured."""

import importlib.metadata
import json
import pathlib
import platform
import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_hashing import backbones, encoding, files, resources, weights
from keras_hashing import codes as code_forms
from keras_hashing.evaluation import float_ranking
from keras_hashing.types import Float32Array, Path
from keras_hashing.zoo import config, entry_files, loading, stored_codes
from keras_hashing.zoo import metadata as entries
from keras_hashing.zoo.card import write_card
from keras_hashing.zoo.figures import figures_of

if TYPE_CHECKING:
    from keras_hashing.data.image_set import ImageSet
    from keras_hashing.data.loading import Data
    from keras_hashing.methods import HashingModel

_PARTS = ("train", "validation", "query", "database")


def save(
    model: "HashingModel",
    path: Path,
    data: "Data",
    *,
    recipe: str | None = None,
    compare: Callable[..., Any] | None = None,
    training: dict[str, Any] | None = None,
    paper: dict[str, Any] | None = None,
    licence: str = "",
    outputs_of: Callable[..., Any] | None = None,
) -> entries.Entry:
    """Write a model as a whole entry folder, with codes and figures.

    Backbone weights are stored as float16, the head's as float32; a backbone that still has the
    weights that the package ships is not stored again, and the head then as float16. What only
    training needs, such as DPSH's bank, is left out. The model is built again from the files, and
    codes and figures are those of that model. The test queries are encoded here and nowhere
    before.

    Args:
        model: `HashingModel` whose backbone was given by name.
        path: str or path-like, the folder; its name is the entry's. An entry that is there
            already is replaced.
        data: `keras_hashing.data.Data`. Labels and ids of a protocol that comes with the package
            are not stored again.
        recipe: optional str, the text of the recipe (TOML), kept as `recipe.toml`.
        compare: optional function of the model read back, and the float32 outputs of queries
            and database, that returns further rows of `Entry.comparisons`.
        training: optional dict of str to JSON scalars: command, epochs, seconds.
        paper: optional dict of `source`, `map`, `backbone`: the figure in the method's paper.
        licence: str, of the weights.
        outputs_of: optional function of the model read back and an `ImageSet`, that returns
            float32 outputs; for one that has the backbone's features of these images.

    Returns:
        `Entry`.

    Raises:
        ValueError: a backbone that is a model of one's own, weights that are not finite, empty
            queries or database, or a folder that is no entry.

    Example:
        >>> import keras_hashing as kh
        >>> model = kh.methods.DHN(bits=8, backbone="small_cnn", image_size=28)
        >>> some = kh.data.sample().subset(range(20))
        >>> data = kh.data.Data("sample", train=some, validation=some, query=some, database=some)
        >>> save(model, "dhn_sample_8", data).counts["database"]
        20
        >>> kh.load("dhn_sample_8").bits
        8
    """
    path = pathlib.Path(path)
    name = entries.check_name(path.name)
    stored = config.config_of(model)
    _check_place(path)
    if not len(data.query) or not len(data.database):
        raise ValueError("`data` must have queries and a database; make it with query=0.1 or so.")
    if recipe is not None:
        tomllib.loads(recipe)
    outputs_of = outputs_of or image_outputs
    shared = _shared_backbone(model, stored)
    with files.atomic_path(path) as folder:
        folder.mkdir()
        shipped = _write_model(folder, name, model, stored, shared)
        outputs = {part: outputs_of(shipped, getattr(data, part)) for part in ("query", "database")}
        codes = stored_codes.write(folder, data, outputs)
        figures = figures_of(codes, model.bits)
        own = code_forms.pack(outputs_of(model, data.query))
        figures["half_precision_bits"] = equal_bits(own, codes.query_codes, model.bits)
        rows = _float_rows(codes, outputs)
        if compare is not None:
            rows += compare(shipped, outputs["query"], outputs["database"])
        if recipe is not None:
            (folder / entries.RECIPE).write_text(recipe, encoding="utf-8")
        entry = entries.Entry(
            name=name,
            method=model.method,
            variant=getattr(model, "variant", None),
            bits=model.bits,
            dataset=data.name,
            protocol=_protocol(data),
            counts={part: len(getattr(data, part)) for part in _PARTS},
            backbone=stored["arguments"]["backbone"],
            image_size=stored["arguments"]["image_size"],
            parameters=shipped.count_params(),
            metrics=figures,
            comparisons=rows,
            paper=paper,
            training=training or {},
            versions=_versions(),
            licence=licence,
            shared_backbone=shared,
            files=entry_files.describe(folder),
        )
        write_card(folder, entry)
    return entries.read_entry(path)


def equal_bits(codes, others, bits):
    """Share of bits in which two arrays of codes agree."""
    differing = np.bitwise_count(codes ^ others).sum(dtype=np.int64)
    return float(1.0 - differing / (len(codes) * bits))


def _check_place(path):
    if path.exists() and not (path / entries.METADATA).is_file():
        if path.is_dir() and not any(path.iterdir()):
            return
        raise ValueError(f"{path} exists and is no entry; it is not replaced. Give another path.")


def _shared_backbone(model, stored):
    """SHA-256 of the package's file of the backbone's weights, if the model has just those."""
    arguments = stored["arguments"]
    try:
        path = resources.zoo_path("backbones", f"{arguments['backbone']}.safetensors")
    except FileNotFoundError:
        return None
    published = backbones.get(arguments["backbone"], arguments["image_size"])
    pairs = zip(model.backbone.weights, published.weights, strict=True)
    same = all(np.array_equal(np.asarray(one), np.asarray(other)) for one, other in pairs)
    return files.sha256(path) if same else None


def _write_model(folder, name, model, stored, shared):
    """Write config.json and the weights; return the model that they make.

    With `shared`, the digest of the package's backbone, the head alone is written.
    """
    path = folder / entries.CONFIG
    path.write_text(json.dumps(stored, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    parts = loading.backbone_parts(model)
    without = {*model.only_training, *(parts if shared else ())}
    half = {variable.path.split("/")[0] for variable in model.weights} if shared else parts
    digest = weights.save(model, folder / entries.WEIGHTS, half, without)
    shipped = config.build(entries.read_json(path), path)
    if shared:
        loading.fill_backbone(shipped, name, stored["arguments"]["backbone"], shared)
    weights.load(shipped, folder / entries.WEIGHTS, digest, without)
    return shipped


def image_outputs(model: "HashingModel", images: "ImageSet") -> Float32Array:
    """Outputs of a model for the images of a set, before the sign.

    Args:
        model: `HashingModel`.
        images: `keras_hashing.data.ImageSet`, with images or with paths.

    Returns:
        float32 `(n, bits)`, in the order of the set.

    Raises:
        ValueError: as of `keras_hashing.encode`.

    Example:
        >>> import keras_hashing as kh
        >>> some = kh.data.sample().subset(range(3))
        >>> image_outputs(kh.zoo.load("dhn_fashion_48"), some).shape
        (3, 48)
    """
    return encoding.outputs(model, images.paths if images.images is None else images.images)


def _float_rows(codes, outputs):
    """What binarising costs: the outputs themselves as a ranking."""
    if codes.query_labels is None:
        return []
    words = {"inner": "inner product", "cosine": "cosine"}
    return [
        {
            "row": f"outputs_{similarity}",
            "text": f"its outputs before the sign, by {words[similarity]}",
            "map": float_ranking.mean_average_precision(
                outputs["query"],
                codes.query_labels,
                outputs["database"],
                codes.database_labels,
                similarity=similarity,
            ),
            "ties": "expected",
        }
        for similarity in ("cosine", "inner")
    ]


def _protocol(data):
    if data.protocol is None:
        return None
    stored = stored_codes.stored_labels(data)
    return {
        "name": data.protocol,
        "seed": data.seed,
        "digests": dict(data.digests),
        "labels_sha256": None if stored is None else stored.digest(data.protocol),
    }


def _versions():
    import keras_hashing

    names = ("keras", "tensorflow", "numpy")
    return {
        "keras_hashing": keras_hashing.__version__,
        **{name: importlib.metadata.version(name) for name in names},
        "python": platform.python_version(),
    }
