"""The search: what it tries, how it is judged, and that it stops where it cannot judge."""

import importlib
import types

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import callbacks
from keras_hashing.training import frozen_features, hyper_model, tune
from keras_hashing.training.on_features import train_head
from keras_hashing.training.recipe import load_data
from tests.training.photos import make_folder

tuning = importlib.import_module("keras_hashing.training.tune")  # the name is a function too
SOURCE = {"folder": "photos", "validation": 0.3, "query": 0.1}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Two epochs a trial, on features of small photos."""
    network = kh.backbones.get("efficientnet_lite0", 32)
    monkeypatch.setattr(frozen_features, "backbones", types.SimpleNamespace(get=lambda *_: network))
    monkeypatch.setattr(tuning, "head_epochs", lambda *_: 2)


@pytest.fixture
def search(tmp_path):
    make_folder(tmp_path / "photos")

    def run(trials=3, methods=("dhn", "orthohash"), **others):
        return tune(
            SOURCE,
            data_dir=tmp_path,
            run_dir=tmp_path / "runs",
            features_dir=tmp_path / "features",
            methods=methods,
            bits=(8, 6),
            trials=trials,
            **others,
        )

    return run


def items(count=12, labels=True):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(count, 4)).astype("float32")
    return features, np.arange(count) % 3 if labels else None


def test_trials_are_judged_by_the_last_epoch_on_validation_images(search, tmp_path):
    trials = search()
    assert len(trials) == 3
    scores = [trial.val_map for trial in trials]
    assert scores == sorted(scores, reverse=True)
    best = trials[0]
    data = load_data(best.recipe, tmp_path)
    cache = frozen_features.FrozenFeatures(tmp_path / "features")
    # Trained again by its recipe it has that figure: the search and the recipe mean the same.
    _, history = train_head(best.recipe, data, _Rows(cache))
    assert history[-1]["val_map"] == pytest.approx(best.val_map, abs=1e-3)


class _Rows:
    def __init__(self, cache):
        self.of = cache.of


def test_it_goes_on_where_it_stopped(search, monkeypatch):
    first = search(trials=2)
    fits = []
    fit = tuning.fit_head
    monkeypatch.setattr(tuning, "fit_head", lambda *a: fits.append(a) or fit(*a))
    more = search(trials=3)
    assert len(fits) == 1
    assert {trial.recipe.text for trial in first} < {trial.recipe.text for trial in more}
    search(trials=3, seed=1)
    assert len(fits) == 4  # another search


def test_the_space():
    import keras_tuner

    model = hyper_model(items(), items(), SOURCE, methods=("dhn", "orthohash"), bits=(16, 32))
    found = {}
    for seed in range(40):
        hp = keras_tuner.HyperParameters()
        model.recipe(hp)  # declares the space
        rng = np.random.default_rng(seed)
        for part in list(hp.space):
            hp.values[part.name] = part.prob_to_value(rng.random())
        recipe = model.recipe(hp)
        training = recipe.training
        assert 2e-4 <= training.learning_rate <= 1e-2
        assert training.schedule in ("cosine", "constant")
        assert training.validation
        if recipe.model["method"] == "dhn":
            assert 1e-3 <= recipe.model["quantization_weight"] <= 1
        else:
            assert "quantization_weight" not in recipe.model
        found.setdefault(recipe.model["method"], set()).add(
            (recipe.model["bits"], training.schedule)
        )
    assert found == {
        method: {(bits, schedule) for bits in (16, 32) for schedule in ("cosine", "constant")}
        for method in ("dhn", "orthohash")
    }


def test_a_missing_metric_stops_the_search(search, monkeypatch):
    evaluated = []

    class Silent(callbacks.RetrievalEvaluation):
        def on_epoch_end(self, epoch, logs=None):
            evaluated.append(epoch)

    monkeypatch.setattr(tuning, "RetrievalEvaluation", Silent)
    with pytest.raises(ValueError, match="search is stopped: its trials log no `val_map`.*loss"):
        search()
    assert evaluated == [0, 1]  # one trial


def test_failed_trials_come_last_and_say_why(search, monkeypatch):
    fit = tuning.fit_head

    def fails_once(head, *rest):
        if not failed:
            failed.append(head)
            raise ValueError("outputs are not finite")
        return fit(head, *rest)

    failed = []
    monkeypatch.setattr(tuning, "fit_head", fails_once)
    trials = search()
    assert [trial.val_map is None for trial in trials] == [False, False, True]
    assert trials[-1].problem == "ValueError: outputs are not finite"


def test_mistakes(search):
    with pytest.raises(ValueError, match="itq is fitted and not trained to the end by gradients"):
        hyper_model(items(), items(), SOURCE, methods=("itq",))
    with pytest.raises(ValueError, match="unknown value 'dnh'"):
        search(methods=("dnh",))
    with pytest.raises(ValueError, match="`validation` must have labels"):
        hyper_model(items(), items(labels=False), SOURCE)
    with pytest.raises(ValueError, match="no two of the 3 `query` images share a label"):
        hyper_model(items(), items(3), SOURCE)
    with pytest.raises(ValueError, match="give one of `methods` and of `bits`"):
        hyper_model(items(), items(), SOURCE, methods=())
    with pytest.raises(ValueError, match="`trials` must be at least 1"):
        search(trials=0)
