"""The first layer of every hashing model: raw images of any size to what a backbone takes."""

import keras
from keras import ops

from keras_hashing import checks


@keras.saving.register_keras_serializable(package="keras_hashing", name="ImageInput")
class ImageInput(keras.layers.Layer):
    """Resizes images to a square and repeats a single channel three times.

    The resize is bilinear with antialiasing, in float32, and leaves images of the wanted size
    as they are. Training, evaluation and serving all go through it, because another resize
    changes codes.

    Args:
        image_size: int, side of the square in pixels.

    Input: `(n, h, w, 3)` or `(n, h, w, 1)`, values 0 to 255, any dtype.
    Output: float32 `(n, image_size, image_size, 3)`, values 0 to 255.
    """

    def __init__(self, image_size, **kwargs):
        super().__init__(**kwargs)
        self.image_size = checks.whole("image_size", image_size, 8, 4096)

    def build(self, input_shape):
        if len(input_shape) != 4 or input_shape[-1] not in (None, 1, 3):
            raise ValueError(
                "images must have shape (n, height, width, 3), or (n, height, width, 1) if gray; "
                f"got {tuple(input_shape)}. Give a single image a batch axis: image[None]."
            )

    def call(self, images):
        images = ops.cast(images, "float32")
        size = (self.image_size, self.image_size)
        if tuple(images.shape[1:3]) != size:
            images = ops.image.resize(images, size, interpolation="bilinear", antialias=True)
        shape = (ops.shape(images)[0], *size, 3)
        return ops.broadcast_to(images, shape)

    def compute_output_spec(self, images):
        return keras.KerasTensor(
            (images.shape[0], self.image_size, self.image_size, 3), dtype="float32"
        )

    def get_config(self):
        return {**super().get_config(), "image_size": self.image_size}
