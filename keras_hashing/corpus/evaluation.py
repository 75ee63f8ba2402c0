"""Exact evaluation against a corpus: each worker counts some shards, the sums are merged."""

from typing import TYPE_CHECKING, Any

from keras_hashing.corpus import ray_session
from keras_hashing.corpus.corpus import Corpus
from keras_hashing.evaluation import Evaluator
from keras_hashing.types import ArrayLike, Path

if TYPE_CHECKING:
    from keras_hashing.evaluation import Report


def evaluate(
    query_codes: ArrayLike,
    query_labels: ArrayLike,
    folder: Path,
    *,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    **settings: Any,
) -> "Report":
    """Retrieval metrics of queries against the shards of a corpus with labels.

    The counts are integers, so the report is that of `keras_hashing.evaluate` on the whole, bit for
    bit, but for `plan`, which says how it was computed; no machine holds the database.

    Args:
        query_codes, query_labels: as of `keras_hashing.evaluate`.
        folder: str or path-like, a corpus; with Ray on several machines all of them must see it.
        engine, workers, address: as of `encode`.
        settings: `at`, `radius`, `denominator`, `without_relevant`, `query_ids` and `exclude_self`
            of `keras_hashing.Evaluator`; ids are those of the corpus.

    Returns:
        `keras_hashing.evaluation.Report`.

    Raises:
        FileNotFoundError, ValueError: as of `Corpus` and `keras_hashing.Evaluator`; the corpus has
            no labels.

    Example:
        >>> import pathlib
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> for number in range(4):
        ...     folder = pathlib.Path("photos", "dark" if number < 2 else "light")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.new("L", (32, 32), 80 * number).save(folder / f"{number}.png")
        >>> model = kh.zoo.load("dhn_fashion_48")
        >>> summary = kh.corpus.encode(model, "photos", "codes", label="folder", verbose=0)
        >>> queries = Corpus("codes")
        >>> evaluate(queries.codes, queries.labels, "codes").database
        4
    """
    ray_session.check_engine(engine, workers, address)
    corpus = Corpus(folder)
    if corpus.manifest["label"] is None:
        raise ValueError(
            f"{folder} has no labels, which an evaluation needs. Encode with `label=`."
        )
    queries = {"query_codes": query_codes, "query_labels": query_labels, "bits": corpus.bits}
    queries |= settings
    numbers = list(range(len(corpus.paths)))
    if engine == "local":
        return _count(str(corpus.folder), numbers, queries).result()
    total = Evaluator(**queries)  # wrong arguments are found before Ray is started
    with ray_session.session(workers, address, gpus=False) as session:
        for counted in _count_on_ray(session, str(corpus.folder.resolve()), numbers, queries):
            total.merge(counted)
    return total.result()


def _count(folder, numbers, queries):
    """An `Evaluator` that has seen the shards of these numbers."""
    corpus = Corpus(folder)
    evaluator = Evaluator(**queries)
    for number in numbers:
        shard = corpus.shard(number)
        evaluator.update(shard.codes, shard.labels, shard.ids)
    return evaluator


def _count_on_ray(session, folder, numbers, queries):
    import ray

    options = {**session.options, "max_retries": ray_session.RETRIES}
    count = ray.remote(_count).options(**options)
    shared = ray.put(queries)
    try:
        return ray.get(
            [
                count.remote(folder, numbers[first :: session.workers], shared)
                for first in range(min(session.workers, len(numbers)))
            ]
        )
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
