import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from keras_hashing.serving import image_limits
from keras_hashing.serving.errors import ApiError
from tests.exporting.images import file_bytes, photo, png_header


def arrays(*files):
    array = np.empty(len(files), object)
    array[:] = files
    return {"image_bytes": array}


def refused(array, limit, status=413):
    with pytest.raises(ApiError) as error:
        image_limits.check(array, limit)
    assert error.value.status == status
    return str(error.value)


def test_pixels_of_a_request_are_added_up():
    file = file_bytes(photo(10, 10))
    image_limits.check(arrays(file, file, file), limit=300)
    assert "300 pixels in all, more than 299" in refused(arrays(file, file, file), 299)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_formats_that_tensorflow_decodes(kind):
    file = file_bytes(photo(21, 30), kind)
    image_limits.check(arrays(file), limit=630)
    assert "630 pixels" in refused(arrays(file), 629)


def test_inputs_of_any_name_and_rank():
    array = np.full((2, 2), file_bytes(photo(10, 10)), object)
    assert "photos has 400 pixels" in refused({"photos": array}, 399)


def test_a_claim_in_the_header_is_enough():
    for side in (16000, 2**30):
        assert "send fewer or smaller" in refused(arrays(png_header(side, side)), 2**27)
    gif = file_bytes(photo(), "GIF")[:6] + b"\xff" * 4
    assert f"{65535**2} pixels" in refused(arrays(gif), 2**27)
    jpeg = file_bytes(photo(40, 30), "JPEG")
    size = bytes([0, 40, 0, 30])  # in its frame header
    assert jpeg.count(size) == 1
    assert f"{65535**2} pixels" in refused(arrays(jpeg.replace(size, b"\xff" * 4)), 2**27)
    bitmap = bytearray(file_bytes(photo(), "BMP"))
    bitmap[18:26] = (20000).to_bytes(4, "little") + (-20000).to_bytes(4, "little", signed=True)
    assert "400000000 pixels" in refused(arrays(bytes(bitmap)), 2**27)


def test_what_has_no_header_is_left_to_the_model():
    image_limits.check(arrays(b"", b"text", b"\xff\xd8\xff", b"BMW, RIFF and GIF", b"RIFF"))
    image_limits.check({"codes": np.zeros((1, 2), np.uint8)})


def test_a_header_of_a_million_parts_is_not_searched():
    file = b"\xff\xd8" + b"\xff\xe1\0\x02" * 1_000_000
    assert "too many parts" in refused(arrays(file), 2**27, status=400)
    reader = image_limits._FewReads(file)
    for _ in range(10_000):
        assert reader.read(1)
    with pytest.raises(OSError, match="too many reads"):
        reader.read(1)


@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]), st.data())
def test_damaged_headers_raise_nothing_else(noise, kind, data):
    file = bytearray(file_bytes(photo(8, 8), kind))
    start = data.draw(st.integers(0, len(file)))
    file[start : start + len(noise)] = noise
    try:
        image_limits.check(arrays(bytes(file)))
    except ApiError as error:
        assert error.status in (400, 413)


def test_a_real_photo_with_a_large_profile():
    buffer = io.BytesIO()
    Image.fromarray(photo()).save(buffer, "JPEG", icc_profile=b"x" * 600_000)
    image_limits.check(arrays(buffer.getvalue()), limit=1200)
    assert "1200 pixels" in refused(arrays(buffer.getvalue()), 1199)
