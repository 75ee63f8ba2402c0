import hashlib

import numpy as np
import pytest

from keras_hashing.data import protocols


def cifar_like(seed=3):
    """Labels of CIFAR-10's sizes: 5,000 and 1,000 a class, in some order."""
    generator = np.random.default_rng(seed)
    train = generator.permutation(np.repeat(np.arange(10), 5000))
    test = generator.permutation(np.repeat(np.arange(10), 1000))
    return train, test


@pytest.fixture(scope="module")
def labels():
    return cifar_like()


def pooled_ranks(labels):
    """Slow truth: how many images of the same class stand before each image."""
    seen = {}
    ranks = []
    for label in labels:
        ranks.append(seen.get(label, 0))
        seen[label] = ranks[-1] + 1
    return ranks


def slow_digest(indices, labels):
    ranks = pooled_ranks(labels)
    rows = sorted((int(labels[i]), ranks[i]) for i in indices)
    return hashlib.sha256("".join(f"{c},{p}\n" for c, p in rows).encode()).hexdigest()


def test_s1_has_the_published_lists(labels):
    pooled = np.concatenate(labels)
    split = protocols.split("cifar10-s1", *labels)
    published = {
        "query": "2bac25982c7c8bdcbd8929c10c657a39aedf9047226e505d8efb01dabed83cbc",
        "training": "05ac5f3f2726de8c94985065ba4613c91a9f80d24f31833c73e8c3fc9962f93d",
        "validation": "5b85d11169542f1203cfd11c858bad0ab7222a906523cf6f76155ba4cece4b13",
        "database": "b78c26e2b358adca89ade8c664fedd3f86bdb6f2e8b9687f3fa45f9275f64908",
    }
    for name, value in published.items():
        assert protocols.digest(getattr(split, name), pooled) == value
        assert slow_digest(getattr(split, name), pooled) == value
    assert [len(getattr(split, name)) for name in published] == [1000, 5000, 500, 54000]
    assert (split.query >= 50000).sum() == 165
    assert (split.training >= 50000).sum() == 845


def test_permutations_are_those_of_the_reference():
    generator = np.random.Generator(np.random.PCG64(0))
    orders = [generator.permutation(6000) for _ in range(10)]
    assert orders[0][:8].tolist() == [4390, 5995, 4378, 43, 824, 2366, 3827, 943]
    assert orders[0][100:104].tolist() == [2926, 4848, 1577, 3871]
    assert orders[1][:4].tolist() == [5890, 604, 352, 866]
    assert orders[9][:4].tolist() == [1648, 811, 1778, 2057]
    assert orders[9][-3:].tolist() == [2397, 804, 2124]


@pytest.mark.parametrize("name", protocols.NAMES)
def test_sets_are_ascending_and_never_hold_a_query(labels, name):
    split = protocols.split(name, *labels)
    for part in (split.query, split.training, split.validation, split.database):
        assert (np.diff(part) > 0).all()
    assert not np.isin(split.query, split.database).any()
    assert not np.isin(split.query, split.training).any()
    assert np.isin(split.validation, split.training).all()


def test_s1b_adds_the_training_images(labels):
    s1 = protocols.split("cifar10-s1", *labels)
    s1b = protocols.split("cifar10-s1b", *labels)
    assert len(s1b.database) == 59000
    assert set(s1b.database) == set(s1.database) | set(s1.training)
    assert (s1b.query == s1.query).all()
    assert not np.isin(s1.training, s1.database).any()


@pytest.mark.parametrize("name", ["cifar10-s2", "cifar10-orig", "mnist-orig", "fashion-orig"])
def test_original_splits(labels, name):
    split = protocols.split(name, *labels, seed=5)
    assert split.query.tolist() == list(range(50000, 60000))
    assert split.training.tolist() == split.database.tolist() == list(range(50000))
    ranks = np.array(pooled_ranks(labels[0]))
    assert len(split.validation) == 1000
    assert (ranks[split.validation] >= 4900).all()


def test_unseen_keeps_classes_apart(labels):
    pooled = np.concatenate(labels)
    split = protocols.split("cifar10-unseen", *labels)
    s1 = protocols.split("cifar10-s1", *labels)
    assert (len(split.query), len(split.training), len(split.validation)) == (300, 3500, 350)
    assert set(pooled[split.query]) == {7, 8, 9}
    assert set(pooled[split.training]) == set(pooled[split.validation]) == set(range(7))
    assert (split.database == s1.database).all()
    assert np.isin(split.query, s1.query).all()


def test_seed_changes_the_draw(labels):
    first = protocols.split("cifar10-s1", *labels, seed=0)
    second = protocols.split("cifar10-s1", *labels, seed=1)
    assert (first.query != second.query).any()
    again = protocols.split("cifar10-s1", *labels, seed=1)
    assert (second.query == again.query).all()


def test_check_draw_accepts_the_published_queries(labels):
    protocols.check_draw("cifar10", np.concatenate(labels))


def test_check_draw_refuses_other_queries(labels):
    with pytest.raises(RuntimeError, match=r"not complete, or numpy .* draws other permutations"):
        protocols.check_draw("cifar10", np.concatenate(labels)[:-1])


def test_unknown_protocol_names_the_nearest(labels):
    with pytest.raises(ValueError, match=r"'cifar10-s3'.*'cifar10-s2'"):
        protocols.split("cifar10-s3", *labels)


def test_too_few_images_of_a_class():
    with pytest.raises(ValueError, match=r"class 0 has 60 images; this protocol needs 601"):
        protocols.split("cifar10-s1", np.repeat(np.arange(10), 50), np.repeat(np.arange(10), 10))


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_seed_is_checked(labels, seed):
    with pytest.raises((ValueError, TypeError), match=r"seed"):
        protocols.split("cifar10-s1", *labels, seed=seed)
