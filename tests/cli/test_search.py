import json
import os
import shutil

import pytest

from tests.photos.conftest import write_photo

pytestmark = pytest.mark.usefixtures("tiny", "folder")


@pytest.fixture(autouse=True)
def indexed(tiny, folder, call):
    assert call("index", "holiday", "--bits", 5).exit_code == 0


def answers(call, *words):
    result = call("search", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["answers"]


def test_a_table_of_neighbours(call):
    result = call("search", "holiday/photo3.jpg", "-k", 3)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].strip() == "holiday/photo3.jpg"
    rows = [line for line in lines[1:] if ".jpg" in line]
    assert len(rows) == 3
    assert "photo3.jpg" in rows[0] and "the query itself" in rows[0]
    assert "8 photo(s) of" in lines[-1] or "8 photo(s) of" in lines[-2]


def test_json(call, folder):
    result = call("search", "holiday/photo3.jpg", "--json")
    document = json.loads(result.stdout)
    assert document["index"] == "holiday.khindex"
    assert document["folder"] == str(folder)
    assert document["bits"] == 5
    (answer,) = document["answers"]
    assert answer["query"] == "holiday/photo3.jpg"
    assert answer["problem"] is None
    assert answer["neighbours"][0] == {"path": "photo3.jpg", "distance": 0, "relation": "query"}
    assert len(answer["neighbours"]) == 8


def test_a_photo_from_elsewhere(call, tmp_path):
    write_photo(tmp_path / "query.png", 3, "PNG")
    (answer,) = answers(call, "query.png")
    assert len(answer["neighbours"]) == 8
    assert not any(item["relation"] for item in answer["neighbours"])


def test_several_queries_and_folders(call, tmp_path):
    write_photo(tmp_path / "others" / "a.jpg", 50)
    write_photo(tmp_path / "others" / "b.jpg", 51)
    found = answers(call, "holiday/photo0.jpg", "others", "-k", 1)
    assert [answer["query"] for answer in found] == [
        "holiday/photo0.jpg",
        "others/a.jpg",
        "others/b.jpg",
    ]
    assert call("search", "others").stdout.count("bits differ") == 2


def test_a_page(call, tmp_path):
    result = call("search", "holiday/photo0.jpg", "--html", "pages/out.html")
    assert result.exit_code == 0, result.output
    assert "Wrote pages/out.html" in result.stderr
    page = (tmp_path / "pages" / "out.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 1 + 8
    assert 'href="../holiday/photo0.jpg"' in page


def test_the_newest_index_is_taken(call, tmp_path):
    shutil.copytree(tmp_path / "holiday", tmp_path / "later")
    call("index", "later", "--bits", 3)
    os.utime("holiday.khindex/manifest.json", ns=(1, 1))
    assert json.loads(call("search", "later/photo0.jpg", "--json").stdout)["bits"] == 3
    call("index", "holiday")  # nothing new, but asked for last
    assert json.loads(call("search", "later/photo0.jpg", "--json").stdout)["bits"] == 5
    found = call("search", "later/photo0.jpg", "--index", "later.khindex", "--json")
    assert json.loads(found.stdout)["bits"] == 3


def test_odd_names_are_shown_as_they_are(call, folder):
    odd = (folder / "photo0.jpg").rename(folder / os.fsdecode(b"[bold]odd\xff.jpg"))
    call("index", "holiday")
    result = call("search", odd, "--html", "out.html")
    assert result.exit_code == 0, result.output
    assert "[bold]odd�.jpg" in result.stdout


def test_unreadable_queries_are_passed_over_unless_all_are(call, fails, tmp_path):
    (tmp_path / "bad.jpg").write_text("no photo")
    result = call("search", "bad.jpg", "holiday/photo0.jpg", "--html", "out.html")
    assert result.exit_code == 0
    assert "Passed over bad.jpg: cannot be read as an image" in result.stderr
    assert "bad.jpg: cannot be read as an image" in fails("search", "bad.jpg")
    assert fails("search", "none.jpg") == "none.jpg: No such file or directory"


def test_mistakes(call, fails, tmp_path, monkeypatch):
    assert "`k` must be at least 1; got 0" in fails("search", "holiday/photo0.jpg", "-k", 0)
    assert "There is no photo index nothing" in fails("search", "a.jpg", "--index", "nothing")
    (tmp_path / "empty").mkdir()
    assert "No image found in empty" in fails("search", "empty")
    monkeypatch.chdir(tmp_path / "empty")
    assert "There is no *.khindex in this folder" in fails("search", "a.jpg")
