import base64
import html
import html.parser
import io
import os
import shutil

import pytest
from PIL import Image

from keras_hashing import photos
from tests.photos.conftest import write_photo


class Reader(html.parser.HTMLParser):
    """Collects the tags and the text of a page."""

    VOID = frozenset({"meta", "img"})

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.open = []
        self.text = ""
        self.feed(page)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def index(directory, folder, encoder):
    photos.update(directory, folder, encoder, bits=5)
    return photos.PhotoIndex(directory)


def page_of(index, queries, page_folder, k=4, encoder=None):
    return Reader(photos.build_page(index, index.search(queries, k, encoder), page_folder))


def test_pictures_are_inside_the_page_with_words_for_them(index, folder, tmp_path):
    page = page_of(index, [folder / "photo0.jpg"], tmp_path)
    pictures = page.all("img")
    assert len(pictures) == 1 + 4
    for picture in pictures:
        kind, content = picture["src"].split(",")
        assert kind == "data:image/jpeg;base64"
        image = Image.open(io.BytesIO(base64.b64decode(content)))
        assert image.size == (40, 30)
    assert pictures[0]["alt"] == "The query, photo0.jpg"
    assert pictures[1]["alt"] == "photo0.jpg, number 1, 0 of 5 bits differ"
    assert not page.all("script") and not page.all("link")
    assert page.all("html") == [{"lang": "en"}]


def test_what_the_page_says(index, folder, tmp_path):
    text = page_of(index, [folder / "photo0.jpg"], tmp_path).text
    assert "Photos like photo0.jpg" in text
    assert "From 8 photos in holiday. 5-bit codes by tiny, fixed orthogonal projection." in text
    assert "0 of 5 bits differ" in text
    assert text.count("the query itself") == 1


def test_links_lead_from_the_page_to_the_photos(index, folder, tmp_path):
    write_photo(folder / "a b#ü?.jpg", 0)
    place = tmp_path / "pages" / "today"
    place.mkdir(parents=True)
    links = [a["href"] for a in page_of(index, [folder / "a b#ü?.jpg"], place).all("a")]
    assert links[0] == "../../holiday/a%20b%23%C3%BC%3F.jpg"
    assert all(link.startswith("../../holiday/") for link in links)


def test_names_cannot_become_markup(directory, folder, tmp_path, encoder):
    write_photo(folder / "<script>alert(1)<&> \"'.jpg", 0)
    photos.update(directory, folder, encoder, bits=5)
    index = photos.PhotoIndex(directory)
    page = page_of(index, [folder / "<script>alert(1)<&> \"'.jpg"], tmp_path)
    assert not page.all("script")
    assert "<script>alert(1)<&> \"'.jpg" in page.text


def test_large_photos_become_thumbnails(directory, tmp_path, encoder):
    folder = tmp_path / "large"
    folder.mkdir()
    Image.new("RGB", (1600, 900), "teal").save(folder / "a.jpg")
    photos.update(directory, folder, encoder, bits=5)
    page = page_of(photos.PhotoIndex(directory), [folder / "a.jpg"], tmp_path)
    content = page.all("img")[1]["src"].split(",")[1]
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (320, 180)


def test_copies_missing_photos_problems_and_odd_bytes(directory, folder, tmp_path, encoder):
    shutil.copy(folder / "photo0.jpg", folder / "twin.jpg")
    (folder / "photo1.jpg").rename(folder / os.fsdecode(b"odd\xff.jpg"))
    photos.update(directory, folder, encoder, bits=5)
    index = photos.PhotoIndex(directory)
    (folder / "photo2.jpg").unlink()
    queries = [folder / "photo0.jpg", tmp_path / "none.jpg"]
    page = page_of(index, queries, tmp_path, k=9)
    assert page.text.count("same file contents") == 1
    assert page.text.count("This photo is gone") == 1
    assert "No neighbours: No such file or directory" in page.text
    assert "Neighbours of 2 photos" in page.text
    assert "odd�.jpg" in page.text
    assert any(a["href"].endswith("odd%FF.jpg") for a in page.all("a"))
    assert len(page.all("section")) == 2
