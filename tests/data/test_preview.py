import base64
import io
import re

import numpy as np
from PIL import Image

from keras_hashing import data
from keras_hashing.data import preview


def pictures(html):
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(item)))) for item in found]


def test_eight_images_spread_over_the_set():
    pixels = np.arange(50, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 5, 1), np.uint8)
    html = preview.html(data.ImageSet(pixels, np.arange(50) % 2, class_names=["<cat>", "dog"]))
    shown = pictures(html)
    assert [image[0, 0] for image in shown] == [0, 7, 14, 21, 28, 35, 42, 49]
    assert shown[0].shape == (4, 5)
    assert "&lt;cat&gt;: 25, dog: 25" in html
    assert "<cat>" not in html
    assert (
        html == data.ImageSet(pixels, np.arange(50) % 2, class_names=["<cat>", "dog"])._repr_html_()
    )


def test_files_are_made_small_and_bad_ones_named(tmp_path, save_photo):
    save_photo(tmp_path / "a.png", size=(300, 200))
    (tmp_path / "b.png").write_text("no image")
    html = preview.html(data.ImageSet(paths=[tmp_path / "a.png", tmp_path / "b.png"]))
    assert [image.shape for image in pictures(html)] == [(64, 96, 3)]
    assert "b.png cannot be read as an image" in html


def test_multi_hot_and_many_classes():
    labels = np.array([[1, 0, 1], [0, 0, 0]])
    html = preview.html(data.ImageSet(np.zeros((2, 4, 4, 3), np.uint8), labels))
    assert "<figcaption>0, 2</figcaption>" in html
    assert "<figcaption>no class</figcaption>" in html
    assert "0: 1, 1: 0, 2: 1" in html
    html = preview.html(data.ImageSet(np.zeros((30, 4, 4, 3), np.uint8), np.arange(30)))
    assert "19: 1, and 10 more classes" in html


def test_an_empty_set():
    assert "ImageSet(0 images" in preview.html(data.ImageSet(np.zeros((0, 4, 4, 3), np.uint8)))
