"""Rankings that are no trained code, to read beside the methods."""

from benchmarks.methods import feature_sets
from benchmarks.methods.runs import Run
from keras_hashing.data.protocols import UNSEEN_FROM
from keras_hashing.evaluation import float_ranking
from keras_hashing.training import comparisons


def rows(cache, data_dir):
    """Rows of the table: cosine of the features, and the class that a ridge classifier gives.

    Args:
        cache, data_dir: as `feature_sets.load` takes them.
    """
    sets = feature_sets.load("cifar10-s1", cache, data_dir)
    query, database = sets.query, sets.database
    features = comparisons.Features(
        sets.training.features,
        sets.training.labels,
        query.features,
        query.labels,
        database.features,
        database.labels,
    )
    class_code, accuracy = comparisons.class_code_map(features)
    found = {
        "cosine of the features": _cosine(query, database),
        "cosine of the features, queries of classes 7-9": _cosine(
            query.only(query.labels >= UNSEEN_FROM), database
        ),
        f"class of a ridge classifier (accuracy {accuracy:.3f})": class_code,
    }
    return [
        {**vars(Run("reference", "cifar10-s1", name, 0, 0, 0)), "map": value}
        for name, value in found.items()
    ]


def _cosine(query, database):
    return float_ranking.mean_average_precision(
        query.features, query.labels, database.features, database.labels
    )
