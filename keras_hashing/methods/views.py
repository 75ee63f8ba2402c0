"""Other views of the same images or features: rotated by fixed angles, or changed at random.

What the methods without labels compare an image with. Any image size, on every Keras backend.
"""

import math
import warnings

import keras
from keras import ops

from keras_hashing import replicas
from keras_hashing.losses import rotation_gap

# DeepBit's angles in degrees and their weights exp(-(angle / 5)^2 / 2). The angle 0 is the image
# itself, whose gap is 0: it counts in the sum of the weights only.
ROTATIONS = tuple((angle, math.exp(-((angle / 5) ** 2) / 2)) for angle in (-10.0, -5.0, 5.0, 10.0))
WEIGHT_SUM = 1.0 + sum(weight for _, weight in ROTATIONS)


def mean_rotation_gap(model, images, outputs, training):
    """Weighted mean over DeepBit's angles of the squared distance to the rotated image's outputs.

    Args:
        model: hashing model; it runs four times.
        images: tensor `(batch, height, width, 1 or 3)`.
        outputs: float tensor `(batch, bits)`, of the images as they are.
        training: bool.

    Returns:
        Float tensor `(batch,)`, at least 0.
    """
    total = 0.0
    for angle, weight in ROTATIONS:
        turned = model(rotate(images, angle), training=training)
        total = total + rotation_gap(turned, outputs, weight / WEIGHT_SUM)
    return total


def warn_without_rotation(method):
    """Say once that a model of features cannot learn from rotated images."""
    warnings.warn(
        f"{method} without a backbone leaves out the rotation term: features cannot be rotated. "
        "Pass `rotation_weight=0` if that is what you want, or a backbone.",
        stacklevel=3,
    )


def rotate(images, degrees):
    """Images rotated about their centre; corners that become visible repeat the edge.

    Args:
        images: tensor `(batch, height, width, channels)` of any dtype.
        degrees: float, counter-clockwise.

    Returns:
        float32 tensor of the same shape, bilinear.
    """
    images = ops.cast(images, "float32")
    height, width = ops.shape(images)[1:3]
    down = ops.cast(ops.arange(height), "float32") - _last(height) / 2.0
    right = ops.cast(ops.arange(width), "float32") - _last(width) / 2.0
    down, right = down[None, :, None], right[None, None, :]
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    rows = right * sine + down * cosine + _last(height) / 2.0
    columns = right * cosine - down * sine + _last(width) / 2.0
    return sample(images, rows, columns)


def random_view(images, seed):
    """A random view of each image: cropped, mirrored, recoloured, grey at times, blurred.

    A crop of 1/2 to 1 of the area at a ratio of sides of 3/4 to 4/3 is stretched to the old size;
    half are mirrored; 7 of 10 are recoloured, by factors up to .4 and a hue shift of up to .1;
    1 of 5 becomes grey; all are blurred.

    Args:
        images: tensor `(batch, height, width, 1 or 3)`, values 0 to 255.
        seed: `keras.random.SeedGenerator`.

    Returns:
        float32 tensor `(batch, height, width, 3)`, values 0 to 255.

    Source: Qiu et al., "Unsupervised Hashing with Contrastive Information Bottleneck", IJCAI
    2021, the authors' code; ours are the order of colour changes, which is fixed, and the blur's
    strength.
    """
    images = ops.cast(images, "float32")
    images = ops.broadcast_to(images, (*ops.shape(images)[:3], 3))

    # All at once: every call of a generator costs XLA seconds to compile.
    drawn = replicas.of_batch(lambda rows: _draw(12, rows, seed), images[:, 0, 0, 0])
    drawn = ops.transpose(drawn)[..., None, None, None]
    images = crop(images, 0.5 + 0.5 * drawn[0], 2.0 * drawn[1] - 1.0, drawn[2], drawn[3])
    images = ops.where(drawn[4] < 0.5, ops.flip(images, axis=2), images)
    brightness, contrast, saturation = (0.6 + 0.8 * drawn[number] for number in (5, 6, 7))
    recoloured = recolour(images, brightness, contrast, saturation, 0.2 * drawn[8] - 0.1)
    images = ops.where(drawn[9] < 0.7, recoloured, images)
    images = ops.where(drawn[10] < 0.2, gray(images), images)
    return blur(images, 0.1 + 1.9 * drawn[11])


def random_features(features, noise, dropout, seed):
    """A random view of each row of features: noise is added, and some are set to 0.

    Args:
        features: float tensor `(batch, channels)`.
        noise: float, standard deviation of the noise, in units of the features' own over the batch.
        dropout: float in [0, 1), share of the features set to 0; the others grow accordingly.
        seed: `keras.random.SeedGenerator`.

    Returns:
        float32 tensor `(batch, channels)`.
    """
    return replicas.of_batch(
        lambda rows: _noisy(ops.cast(rows, "float32"), noise, dropout, seed), features
    )


def _noisy(features, noise, dropout, seed):
    drawn = keras.random.normal(ops.shape(features), seed=seed)
    features = features + noise * ops.std(features) * drawn
    return keras.random.dropout(features, dropout, seed=seed) if dropout else features


def crop(images, area, ratio, top, left):
    """Part of each image, stretched to the whole size; bilinear.

    Args:
        images: float tensor `(batch, height, width, channels)`.
        area: float tensor `(batch, 1, 1, 1)`, share of the area, above 0 to 1.
        ratio: the same, -1 to 1: the part is (4/3)^ratio times as wide for its height as the image
            is, but no larger than the image.
        top, left: the same, 0 to 1, where the part lies in the room that is left.

    Returns:
        Float tensor of the shape of `images`.
    """
    height, width = ops.shape(images)[1:3]
    stretch = ops.exp(0.5 * math.log(4 / 3) * ratio[..., 0])
    high = ops.minimum(ops.sqrt(area[..., 0]) / stretch, 1.0)
    wide = ops.minimum(ops.sqrt(area[..., 0]) * stretch, 1.0)
    down = (ops.cast(ops.arange(height), "float32") + 0.5)[None, :, None]
    right = (ops.cast(ops.arange(width), "float32") + 0.5)[None, None, :]
    rows = high * down + top[..., 0] * (1.0 - high) * (_last(height) + 1.0) - 0.5
    columns = wide * right + left[..., 0] * (1.0 - wide) * (_last(width) + 1.0) - 0.5
    return sample(images, rows, columns)


def recolour(images, brightness, contrast, saturation, hue):
    """Brightness, contrast, saturation and hue changed, in this order.

    Args:
        images: float tensor `(batch, height, width, 3)`, values 0 to 255.
        brightness, contrast, saturation: float tensors `(batch, 1, 1, 1)`, factors; 1 is none.
        hue: the same, -1/2 to 1/2, share of the colour circle; 0 is none.

    Returns:
        Float tensor of the same shape, values 0 to 255.
    """
    images = ops.clip(brightness * images, 0.0, 255.0)
    middle = ops.mean(gray(images), axis=(1, 2, 3), keepdims=True)
    images = ops.clip(middle + contrast * (images - middle), 0.0, 255.0)
    images = ops.clip(gray(images) + saturation * (images - gray(images)), 0.0, 255.0)
    hsv = ops.image.rgb_to_hsv(images / 255.0, data_format="channels_last")
    turned = ops.concatenate([(hsv[..., :1] + hue) % 1.0, hsv[..., 1:]], axis=-1)
    return 255.0 * ops.image.hsv_to_rgb(turned, data_format="channels_last")


def gray(images):
    """Luma .299 R + .587 G + .114 B in all three channels."""
    luma = 0.299 * images[..., :1] + 0.587 * images[..., 1:2] + 0.114 * images[..., 2:]
    return ops.broadcast_to(luma, ops.shape(images))


def blur(images, sigma):
    """Gaussian blur over three pixels a side.

    Args:
        images: float tensor `(batch, height, width, channels)`.
        sigma: float tensor `(batch, 1, 1, 1)`, standard deviation in pixels, above 0.

    Returns:
        Float tensor of the same shape; the edge is repeated.
    """
    side = ops.exp(-0.5 / ops.square(sigma))
    middle, side = 1.0 / (1.0 + 2.0 * side), side / (1.0 + 2.0 * side)
    above = ops.concatenate([images[:, :1], images[:, :-1]], axis=1)
    below = ops.concatenate([images[:, 1:], images[:, -1:]], axis=1)
    images = middle * images + side * (above + below)
    left = ops.concatenate([images[:, :, :1], images[:, :, :-1]], axis=2)
    right = ops.concatenate([images[:, :, 1:], images[:, :, -1:]], axis=2)
    return middle * images + side * (left + right)


def sample(images, rows, columns):
    """Values of images between pixels, bilinear; outside, the nearest edge's.

    Written with `take`, for `ops.image.affine_transform` does not compile with XLA.

    Args:
        images: float tensor `(batch, height, width, channels)`.
        rows, columns: float tensors that broadcast to `(batch, height, width)`; (0, 0) is the
            centre of the first pixel.

    Returns:
        Float tensor `(batch, height, width, channels)`.
    """
    count, height, width, channels = ops.shape(images)
    pixels = ops.reshape(images, (-1, channels))
    first = ops.arange(count)[:, None, None] * (height * width)
    rows, columns = ops.clip(rows, 0.0, _last(height)), ops.clip(columns, 0.0, _last(width))
    top, left = ops.cast(ops.floor(rows), "int32"), ops.cast(ops.floor(columns), "int32")
    bottom, right = ops.minimum(top + 1, height - 1), ops.minimum(left + 1, width - 1)

    def across(row):
        share = (columns - ops.floor(columns))[..., None]
        near = ops.take(pixels, first + row * width + left, axis=0)
        return (1.0 - share) * near + share * ops.take(pixels, first + row * width + right, axis=0)

    share = (rows - ops.floor(rows))[..., None]
    return (1.0 - share) * across(top) + share * across(bottom)


def _draw(count, rows, seed):
    """`count` random numbers for each row, `(rows, count)`, 0 to 1."""
    return ops.transpose(keras.random.uniform((count, ops.shape(rows)[0]), seed=seed))


def _last(size):
    """The index of the last of `size` pixels, as a float, whether known beforehand or not."""
    return ops.cast(size, "float32") - 1.0
