import numpy as np
import pytest

from keras_hashing import data, resources


def test_sample_is_2000_real_images_of_ten_classes():
    sample = data.sample()
    assert sample.images.shape == (2000, 28, 28, 1)
    assert sample.images.dtype == np.uint8
    assert np.bincount(sample.labels).tolist() == [200] * 10
    assert len(set(sample.ids)) == 2000
    assert all(name.startswith("test_") for name in sample.ids)
    assert sample.images.reshape(2000, -1).std(axis=1).min() > 10  # no blank image


def test_sample_is_small_and_its_notice_lies_beside_it():
    path = resources.zoo_path("samples", "fashion_mnist_2000.npz")
    assert path.stat().st_size < 1_000_000
    notice = path.with_suffix(".LICENSE").read_text()
    assert "Copyright (c) 2017 Zalando SE" in notice
    assert "Permission is hereby granted, free of charge" in notice


@pytest.mark.data
def test_sample_holds_the_images_of_the_data_set(real_data):
    sample = data.sample()
    loaded = data.load("fashion", data_dir=real_data, validation=False)
    test = data.load("fashion", "fashion-orig", data_dir=real_data).query
    place = {name: i for i, name in enumerate(test.ids)}
    chosen = test.subset([place[name] for name in sample.ids])
    np.testing.assert_array_equal(chosen.images, sample.images)
    np.testing.assert_array_equal(chosen.labels, sample.labels)
    assert not np.isin(sample.ids, loaded.train.ids).any()
