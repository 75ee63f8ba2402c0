"""Max pooling that keeps a last, partial window, as Caffe does."""

from keras import layers


def max_pool(maps, name):
    """Max pooling of 3x3 windows at stride 2 with Caffe's output size.

    Caffe rounds the number of windows up, `ceil((side - 3) / 2) + 1`, and lets the last window
    hang over the edge. For this window and stride that is Keras' "same" when the side is even
    (one row is missing, at the end) and "valid" when it is odd; "same" at an odd side would add
    a window that Caffe does not have.

    Args:
        maps: symbolic float tensor `(n, side, side, channels)` of a known side, at least 2.
        name: str, the layer's name.

    Returns:
        Symbolic float tensor `(n, ceil((side - 3) / 2) + 1, ..., channels)`.
    """
    side = maps.shape[1]
    padding = "same" if side % 2 == 0 else "valid"
    return layers.MaxPooling2D(3, 2, padding=padding, name=name)(maps)
