import numpy as np
import pytest

from keras_hashing.serving import image_limits
from keras_hashing.serving.errors import ApiError
from tests.exporting.images import file_bytes, photo, png_header


def arrays(*files):
    array = np.empty(len(files), object)
    array[:] = files
    return {"image_bytes": array}


def test_pixels_of_a_request_are_added_up():
    file = file_bytes(photo(10, 10))
    image_limits.check(arrays(file, file, file), limit=300)
    with pytest.raises(ApiError, match="300 pixels in all, more than 299"):
        image_limits.check(arrays(file, file, file), limit=299)


def test_a_claim_in_the_header_is_enough():
    with pytest.raises(ApiError, match="send fewer or smaller"):
        image_limits.check(arrays(png_header(16000, 16000)))
    with pytest.raises(ApiError, match="send fewer or smaller"):
        image_limits.check(arrays(png_header(2**30, 2**30)))


def test_what_has_no_header_is_left_to_the_model():
    image_limits.check(arrays(b"", b"text", b"\xff\xd8\xff"))
    image_limits.check({"codes": np.zeros((1, 2), np.uint8)})
