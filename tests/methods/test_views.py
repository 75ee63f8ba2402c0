"""Rotated and random views: against loops, NumPy's quarter turn and the standard library."""

import colorsys
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.methods import views


def photos(count=3, height=9, width=9, channels=3, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (count, height, width, channels))
    return values.astype("uint8")


def same(count, value):
    """One number for each image, in the shape that the functions take."""
    return keras.ops.full((count, 1, 1, 1), value, dtype="float32")


def bilinear(image, row, column):
    """A channel vector between pixels; outside, the nearest edge's."""
    height, width = image.shape[:2]
    row, column = min(max(row, 0.0), height - 1.0), min(max(column, 0.0), width - 1.0)
    top, left = int(row), int(column)
    down, across = row - top, column - left
    total = np.zeros(image.shape[2])
    for i, j, share in (
        (top, left, (1 - down) * (1 - across)),
        (top, left + 1, (1 - down) * across),
        (top + 1, left, down * (1 - across)),
        (top + 1, left + 1, down * across),
    ):
        if share > 0:
            total += share * image[i, j]
    return total


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 9])
def test_quarter_turns_are_numpys(side, channels):
    images = photos(2, side, side, channels)
    for turns in (1, 2, 3, -1):
        found = np.asarray(views.rotate(images, 90.0 * turns))
        np.testing.assert_allclose(found, np.rot90(images, turns, axes=(1, 2)), atol=1e-3)


def test_no_turn_is_the_image():
    images = photos(2, 7, 12)
    found = views.rotate(images, 0.0)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(views.rotate(images / 255.0, 0.0), (images / 255).astype("f4"))


def test_a_small_turn_is_that_of_a_loop_and_repeats_the_edge():
    image = photos(1, 7, 10)[0].astype(float)
    found = np.asarray(views.rotate(image[None], 10.0))[0]
    sine, cosine = math.sin(math.pi / 18), math.cos(math.pi / 18)
    for i in range(7):
        for j in range(10):
            y, x = i - 3.0, j - 4.5
            row, column = 3.0 + x * sine + y * cosine, 4.5 + x * cosine - y * sine
            np.testing.assert_allclose(found[i, j], bilinear(image, row, column), atol=1e-3)


def test_an_unknown_size_is_rotated_too():
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
    def traced(images):
        return views.rotate(images, 5.0)

    images = photos(2, 6, 11)
    np.testing.assert_allclose(traced(images), views.rotate(images, 5.0), atol=1e-3)


def test_angles_and_weights():
    # exp(-(a - 3)^2 / 2) for a = 1..5, without the image itself.
    assert [angle for angle, _ in views.ROTATIONS] == [-10, -5, 5, 10]
    weights = [weight for _, weight in views.ROTATIONS]
    np.testing.assert_allclose(weights, [0.135335, 0.606531, 0.606531, 0.135335], atol=1e-6)
    assert pytest.approx(2.483732, abs=1e-5) == views.WEIGHT_SUM


def test_mean_rotation_gap_is_that_of_a_loop():
    images = photos(2, 6, 6).astype("float32") / 100

    def model(batch, training):
        assert training is True
        return keras.ops.mean(batch, axis=1)[:, 0]

    outputs = model(images, True)
    expected = np.zeros(2)
    for angle, weight in ((-10, 0.135335), (-5, 0.606531), (5, 0.606531), (10, 0.135335)):
        gap = np.asarray(model(views.rotate(images, angle), True)) - np.asarray(outputs)
        expected += weight * (gap**2).sum(axis=1)
    found = views.mean_rotation_gap(model, images, outputs, True)
    np.testing.assert_allclose(found, expected / 2.483732, rtol=1e-4)


def test_crop_is_that_of_a_loop():
    image = photos(1, 8, 12)[0].astype("float32")
    # Area .5, sides 4/3^.6: a part 8 sqrt(.5) / s high and 12 sqrt(.5) s wide, s = 4/3^.3.
    stretch = (4 / 3) ** 0.3
    high, wide = math.sqrt(0.5) / stretch, math.sqrt(0.5) * stretch
    factors = [same(1, value) for value in (0.5, 0.6, 0.25, 1.0)]
    found = np.asarray(views.crop(image[None], *factors))[0]
    for i in range(8):
        for j in range(12):
            row = 0.25 * (8 - 8 * high) + high * (i + 0.5) - 0.5
            column = (12 - 12 * wide) + wide * (j + 0.5) - 0.5
            np.testing.assert_allclose(found[i, j], bilinear(image, row, column), atol=1e-2)


def test_the_whole_image_is_a_crop_too():
    images = photos(2, 8, 5).astype("float32")
    factors = [same(2, value) for value in (1.0, 0.0, 0.7, 0.2)]
    np.testing.assert_allclose(views.crop(images, *factors), images, atol=1e-3)


def test_recolour_is_that_of_a_loop():
    image = photos(1, 3, 4)[0].astype(float)
    brightness, contrast, saturation, hue = 1.3, 0.7, 1.4, -0.08
    factors = [same(1, value) for value in (brightness, contrast, saturation, hue)]
    found = np.asarray(views.recolour(image[None].astype("float32"), *factors))[0]
    luma = np.array([0.299, 0.587, 0.114])
    bright = np.clip(brightness * image, 0, 255)
    middle = np.mean([pixel @ luma for row in bright for pixel in row])
    for i in range(3):
        for j in range(4):
            pixel = np.clip(middle + contrast * (bright[i, j] - middle), 0, 255)
            pixel = np.clip(pixel @ luma + saturation * (pixel - pixel @ luma), 0, 255)
            h, s, v = colorsys.rgb_to_hsv(*(pixel / 255))
            expected = 255 * np.array(colorsys.hsv_to_rgb((h + hue) % 1.0, s, v))
            np.testing.assert_allclose(found[i, j], expected, atol=0.02)


def test_no_change_of_colour_and_gray_ones():
    images = photos(2, 3, 4).astype("float32")
    factors = [same(2, value) for value in (1.0, 1.0, 1.0, 0.0)]
    np.testing.assert_allclose(views.recolour(images, *factors), images, atol=1e-2)
    gray = np.repeat(images[..., :1], 3, axis=-1)
    factors = [same(2, value) for value in (1.0, 1.0, 0.3, 0.4)]
    np.testing.assert_allclose(views.recolour(gray, *factors), gray, atol=1e-2)
    black = np.zeros((1, 2, 2, 3), "float32")
    np.testing.assert_array_equal(views.recolour(black, *(f[:1] for f in factors)), black)


def test_blur_is_that_of_a_loop():
    image = photos(1, 4, 5)[0].astype(float)
    side = math.exp(-1 / (2 * 0.8**2))
    weights = {-1: side / (1 + 2 * side), 0: 1 / (1 + 2 * side), 1: side / (1 + 2 * side)}
    found = np.asarray(views.blur(image[None].astype("float32"), same(1, 0.8)))[0]
    for i in range(4):
        for j in range(5):
            expected = sum(
                weights[a] * weights[b] * image[min(max(i + a, 0), 3), min(max(j + b, 0), 4)]
                for a in weights
                for b in weights
            )
            np.testing.assert_allclose(found[i, j], expected, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_random_views_stay_images(channels):
    found = np.asarray(
        views.random_view(photos(40, 8, 10, channels), keras.random.SeedGenerator(1))
    )
    assert found.shape == (40, 8, 10, 3)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 255


def test_views_differ_by_image_and_draw_but_not_by_seed():
    images = np.repeat(photos(1), 4, axis=0)
    seed = keras.random.SeedGenerator(5)
    first, second = (np.asarray(views.random_view(images, seed)) for _ in range(2))
    for one, other in ((first[0], first[1]), (first[2], first[3]), (first[0], second[0])):
        assert np.abs(one - other).max() > 1
    again = np.asarray(views.random_view(images, keras.random.SeedGenerator(5)))
    np.testing.assert_array_equal(first, again)


def test_how_often_a_view_is_gray_mirrored_or_recoloured():
    # Red grows to the right, green is 120 everywhere, blue 60.
    ramp = np.zeros((400, 4, 9, 3), "float32")
    ramp[..., 0] = np.linspace(100, 140, 9)
    ramp[..., 1:] = (120, 60)
    found = np.asarray(views.random_view(ramp, keras.random.SeedGenerator(2)))
    gray = np.abs(found - found[..., :1]).max(axis=(1, 2, 3)) < 0.1
    assert 0.12 < gray.mean() < 0.28
    colour = found[~gray]
    as_before = np.abs(colour[:, 2, 4] - [120, 120, 60]).max(axis=1) < 16
    as_before &= np.abs(colour[:, 2, 4, 1:] - [120, 60]).max(axis=1) < 0.1
    assert 0.2 < as_before.mean() < 0.4
    mirrored = colour[as_before][:, 2, 0, 0] > colour[as_before][:, 2, 8, 0]
    assert 0.3 < mirrored.mean() < 0.7
    # What is left of the width: 1/sqrt(2) to 1 times (4/3)^(-1/2) to (4/3)^(1/2), at most all.
    width = np.abs(colour[as_before][:, 2, 2, 0] - colour[as_before][:, 2, 6, 0]) / 20
    assert width.min() > 0.55
    assert width.max() < 1.01
    assert width.std() > 0.05


def test_random_features_have_the_wanted_noise_and_gaps():
    features = np.random.default_rng(0).normal(5.0, 2.0, (300, 40)).astype("float32")
    seed = keras.random.SeedGenerator(3)
    noisy = np.asarray(views.random_features(features, 0.5, 0.0, seed))
    assert (noisy - features).std() == pytest.approx(0.5 * features.std(), rel=0.05)
    dropped = np.asarray(views.random_features(features, 0.0, 0.25, seed))
    assert (dropped == 0).mean() == pytest.approx(0.25, abs=0.02)
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], features[kept] / 0.75, rtol=1e-5)
    again = np.asarray(views.random_features(features, 0.0, 0.25, seed))
    assert (again != dropped).any()
    half = (100 * features).astype("float16")
    assert np.isfinite(np.asarray(views.random_features(half, 0.1, 0.1, seed))).all()


def test_views_compile_with_xla():
    seed = keras.random.SeedGenerator(3)
    images = photos(4)

    @tf.function(jit_compile=True)
    def both(batch):
        return views.random_view(batch, seed), views.rotate(batch, -10.0)

    random, rotated = both(tf.constant(images))
    assert np.isfinite(np.asarray(random)).all()
    np.testing.assert_allclose(rotated, views.rotate(images, -10.0), atol=1e-3)


def test_warning_names_the_method_and_the_way_out():
    with pytest.warns(UserWarning, match="X without a backbone leaves out .* `rotation_weight=0`"):
        views.warn_without_rotation("X")
