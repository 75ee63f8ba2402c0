"""The page in a real browser: Debian's Chromium, driven by Playwright.

apt install chromium
pip install playwright
"""

import base64
import io
import re
import shutil
import signal

import numpy as np
import pytest
from PIL import Image

from keras_hashing import codes as packed
from keras_hashing.data.images import read_image
from keras_hashing.exporting import export
from keras_hashing.serving import Client
from tests.exporting.images import BITS, file_bytes, photo, tiny_model
from tests.serving.conftest import ServerProcess

COUNT, K = 9, 6
NAMES = [f"{'roses' if i % 2 else 'violets'}/{i} é.png" for i in range(COUNT)]
IDS = [100 - 7 * i for i in range(COUNT)]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no program `chromium`; Debian's package has it")
    with playwright.sync_playwright() as started:
        # In a container, where tests may run as root, Chromium's own sandbox does not start.
        yield started.chromium.launch(executable_path=program, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A model with an index of nine photos and one without, and the photos."""
    root = tmp_path_factory.mktemp("page")
    model = tiny_model()
    images = [photo(seed=seed) for seed in range(COUNT)]
    for name, image in zip(NAMES, images, strict=True):
        (root / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(root / "photos" / name)
    codes = packed.pack(model.predict(np.stack(images), verbose=0))
    export(model, root / "searching", index=codes, ids=IDS, names=NAMES, k=K)
    export(model, root / "encoding")
    return root


@pytest.fixture(scope="module")
def server(root, browser):
    models = [f"--model={name}={root / name}" for name in ("searching", "encoding")]
    server = ServerProcess(*models, "--images", root / "photos")
    yield server
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=60)


@pytest.fixture
def page(browser, server):
    """The page, loaded; whatever it logs is a failure."""
    page = browser.new_page()
    page.set_default_timeout(120_000)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url)
    yield page
    page.close()
    refused = [line for line in said if "status of 400" not in line]  # Chromium tells of those
    assert not refused


def upload(page, name, content):
    page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": content})


def neighbours(page):
    """(name, folder, words) of each card, once all thumbnails are there."""
    page.locator("body:not(.busy) #neighbours img").nth(K - 1).wait_for()
    cards = page.query_selector_all("#neighbours li")
    parts = (".item", ".folder", ".differ")
    return [tuple(card.query_selector(part).inner_text() for part in parts) for card in cards]


def expected(root, query):
    """What the page must show, from the model's own outputs and Python's sort."""
    model = tiny_model()

    def bits(image):
        return (model.predict(image[None], verbose=0)[0] >= 0).tolist()

    asked = bits(query)
    found = []
    for position, name in enumerate(NAMES):
        own = bits(read_image(root / "photos" / name))
        found.append((sum(a != b for a, b in zip(asked, own, strict=True)), position))
    rows = []
    for distance, position in sorted(found)[:K]:
        folder, _, name = NAMES[position].partition("/")
        words = f"{distance} of {BITS} bits differ" if distance else "the same code"
        rows.append((name, folder, words))
    return asked, rows


def test_an_image_gives_its_neighbours_and_its_code(page, root):
    query = photo(seed=50)
    asked, rows = expected(root, query)
    upload(page, "query.png", file_bytes(query))
    assert neighbours(page) == rows
    assert len({words for _, _, words in rows}) > 2  # or the test shows nothing
    cells = page.eval_on_selector_all(
        "#pattern rect", "cells => cells.map(c => c.className.baseVal)"
    )
    assert cells == ["on" if bit else "off" for bit in asked]
    code = packed.pack(np.array([asked]) * 2.0 - 1)
    assert page.inner_text("#hex") == code.tobytes().hex()
    label = page.get_attribute("#pattern", "aria-label")
    assert label == f"Bit pattern, {sum(asked)} of {BITS} bits on"
    assert re.fullmatch(r"6 neighbours in \d+ ms", page.inner_text("#status"))


def test_errors_are_in_words_and_the_next_image_works(page):
    alert = page.get_by_role("alert")
    upload(page, "notes.txt", b"buy milk")
    alert.filter(has_text="notes.txt is not an image that this browser can read").wait_for()
    assert page.query_selector_all("#neighbours li") == []
    upload(page, "cut.jpg", file_bytes(photo(), "JPEG")[:-300])
    alert.filter(has_text="The server cannot use this image: ").wait_for()
    assert not page.is_visible("#code")
    upload(page, "good.jpg", file_bytes(photo(seed=3), "JPEG"))
    assert len(neighbours(page)) == K
    assert not alert.is_visible()


def test_only_public_endpoints_are_asked(page, server):
    asked = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    upload(page, "query.png", file_bytes(photo(seed=1)))
    neighbours(page)
    paths = [f"{method} {url.removeprefix(server.url)}" for method, url in asked]
    plain = [path for path in paths if "/thumbnails/" not in path and " blob:" not in path]
    model = "/v1/models/searching"
    assert plain == [f"GET {model}/metadata", *[f"POST {model}:predict"] * 2]
    assert sum("/thumbnails/" in path for path in paths) == K


def turned():
    """A JPEG whose pixels lie on their side, with EXIF that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return file_bytes(Image.fromarray(np.rot90(photo(seed=4))), "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("turned.jpg", turned()),
        ("photo.webp", file_bytes(photo(seed=5), "WEBP", lossless=True)),
        ("photo.bmp", file_bytes(photo(seed=6), "BMP")),
        ("photo.gif", file_bytes(Image.fromarray(photo(seed=7)).quantize(64), "GIF")),
    ],
)
def test_other_formats_and_turned_photos_have_the_clients_codes(page, server, name, content):
    upload(page, name, content)
    neighbours(page)
    wanted = Client(server.url, model="searching").encode([content])
    assert page.inner_text("#hex") == wanted.tobytes().hex()


def test_it_can_be_used_from_the_keyboard(page):
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": file_bytes(photo(seed=2))}
    # Listened to from the start, or the first key may open a dialog that nobody answers.
    page.on("filechooser", lambda chooser: chooser.set_files(picture))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "model"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file"
    style = "getComputedStyle(document.getElementById('drop')).outlineStyle"
    assert page.evaluate(style) == "solid"  # one sees where one is
    page.keyboard.press("Enter")
    assert len(neighbours(page)) == K
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "copy"


GIVE = """([type, name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const options = { bubbles: true, cancelable: true };
  const event = type === "drop"
    ? new DragEvent(type, { ...options, dataTransfer: data })
    : new ClipboardEvent(type, { ...options, clipboardData: data });
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_an_image_can_be_dropped_and_pasted(page, way):
    content = base64.b64encode(file_bytes(photo(seed=8))).decode()
    page.evaluate(GIVE, [way, "dropped.png", content])
    assert neighbours(page)[0] == ("8 é.png", "violets", "the same code")
    assert page.inner_text("#call") == "dropped.png"


def test_a_model_without_an_index_says_so_and_shows_the_code(page):
    page.select_option("#model", "encoding")
    upload(page, "query.png", file_bytes(photo(seed=1)))
    page.get_by_text("exported without an index").wait_for()
    assert page.is_visible("#pattern")
    page.select_option("#model", "searching")  # asks again by itself
    assert len(neighbours(page)) == K


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_schemes(browser, server, scheme):
    page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.goto(server.url)
    upload(page, "a_name_without_spaces_that_is_far_too_long_for_a_phone.png", file_bytes(photo()))
    neighbours(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    too_wide = "all => all.filter(e => e.getBoundingClientRect().right > 360).map(e => e.outerHTML)"
    assert page.eval_on_selector_all("body *", too_wide) == []
    screenshot = Image.open(io.BytesIO(page.screenshot())).convert("L")
    background = screenshot.getpixel((2, 2))
    assert background > 200 if scheme == "light" else background < 50
    page.close()


def test_a_server_that_is_gone_is_told(browser, root):
    server = ServerProcess(root / "searching", "--images", root / "photos")
    page = browser.new_page()
    page.goto(server.url)
    server.stop()
    upload(page, "query.png", file_bytes(photo()))
    page.get_by_role("alert").filter(has_text="The server does not answer").wait_for()
    page.close()
