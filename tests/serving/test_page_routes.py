"""The page's files and thumbnails over HTTP; what the page does is tested in a browser."""

import io
import re

import numpy as np
import pytest
import requests
from PIL import Image

from keras_hashing.exporting import export
from tests.exporting.images import tiny_model
from tests.serving.conftest import ServerProcess

NAMES = ["roses/1.png", "näher & “weiter”.png", "gone.png"]
IDS = [30, 20, 10]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """`named`, whose ids are names, and `plain`, whose ids are places in the folder's list."""
    root = tmp_path_factory.mktemp("page")
    (root / "photos" / "roses").mkdir(parents=True)
    for number, name in enumerate(NAMES[:2]):
        Image.new("RGB", (40 + number, 30)).save(root / "photos" / name)
    codes = np.zeros((3, 2), np.uint8)
    export(tiny_model(), root / "named", index=codes, ids=IDS, names=NAMES)
    export(tiny_model(), root / "plain")
    models = [f"--model={name}={root / name}" for name in ("named", "plain")]
    server = ServerProcess(*models, "--images", root / "photos")
    yield server.url
    assert server.stop() == 0


def test_the_page_offers_the_models_and_loads_only_its_own_files(url):
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-models="named/plain"' in answer.text
    assert 'data-thumbnails="yes"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    linked = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert linked == ["data:,", "page/page.css", "page/page.js"]
    kinds = {"page.css": "text/css", "page.js": "text/javascript", "image.js": "text/javascript"}
    for name, kind in kinds.items():
        part = requests.get(f"{url}/page/{name}", timeout=60)
        assert part.status_code == 200
        assert part.headers["content-type"].startswith(kind)
        assert "://" not in part.text.replace("http://www.w3.org/2000/svg", "")  # nothing from afar


def thumbnail(url, item, **query):
    return requests.get(f"{url}/thumbnails/{item}", params=query, timeout=60)


def test_thumbnails_go_by_the_names_of_the_model(url):
    answer = thumbnail(url, 30)  # of the first model if none is named
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''roses/1.png"
    other = thumbnail(url, 20, model="named")
    assert Image.open(io.BytesIO(other.content)).size == (41, 30)
    assert "n%C3%A4her%20%26%20%E2%80%9C" in other.headers["content-disposition"]


def test_without_names_ids_are_places_in_the_list(url):
    sizes = [
        Image.open(io.BytesIO(thumbnail(url, item, model="plain").content)).size for item in (0, 1)
    ]
    assert sizes == [(41, 30), (40, 30)]  # "näher ..." comes before "roses"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("thumbnails/10", {}),  # gone from the folder
        ("thumbnails/11", {}),
        ("thumbnails/30", {"model": "none"}),
        ("thumbnails/30", {"model": "plain"}),
        ("thumbnails/%2e%2e%2fnamed%2f1%2fsaved_model.pb", {}),
        ("thumbnails/" + "9" * 5000, {}),
        ("thumbnails/", {}),
        ("page/../models.py", {}),
        ("page/%2e%2e/models.py", {}),
        ("page/..%2fmodels.py", {}),
    ],
)
def test_what_is_not_there_is_404_in_json(url, path, query):
    request = requests.Request("GET", url, params=query).prepare()
    request.url = request.url.rstrip("/").replace(url, f"{url}/{path}")  # dots as they are
    answer = requests.Session().send(request, timeout=60)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_without_images_there_are_no_thumbnails(local_server):
    answer = requests.get(local_server.url, timeout=60)
    assert 'data-thumbnails="no"' in answer.text
    assert thumbnail(local_server.url, 0).status_code == 404
