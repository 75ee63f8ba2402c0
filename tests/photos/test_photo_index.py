import os
import shutil

import numpy as np
import pytest

from keras_hashing.photos import Encoder, Neighbour, PhotoIndex, update
from tests.photos.conftest import tiny_backbone, write_photo


@pytest.fixture
def index(directory, folder, encoder):
    update(directory, folder, encoder, 5)
    return PhotoIndex(directory)


def neighbours(index, query, k=10, encoder=None):
    (answer,) = index.search([query], k, encoder)
    assert answer.problem is None
    return answer.neighbours


def brute_force(index, code):
    """Distances of all photos from a code, counted bit by bit, nearest first, then by path."""
    distances = [
        sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(code, other, strict=True))
        for other in index.codes
    ]
    return sorted(zip(distances, index.paths, strict=True))


@pytest.mark.parametrize("name", ["photo0.jpg", "photo5.jpg", "beach/photo7.jpg"])
def test_a_photo_of_the_index_is_its_own_first_neighbour(index, folder, name):
    found = neighbours(index, folder / name)
    assert found[0] == Neighbour(name, 0, "query")
    code = index.codes[index.paths.index(name)]
    expected = [pair for pair in brute_force(index, code) if pair[1] != name]
    assert [(item.distance, item.path) for item in found[1:]] == expected
    assert not any(item.relation for item in found[1:])


def test_another_photo_is_encoded(index, tmp_path, encoder, folder):
    query = write_photo(tmp_path / "query.png", 3, "PNG")  # photo3's picture in another format
    found = neighbours(index, query, encoder=encoder)
    assert len(found) == 8
    assert [item.distance for item in found] == sorted(item.distance for item in found)
    shutil.copy(query, folder / "query.png")
    update(index.directory, folder, encoder)
    grown = PhotoIndex(index.directory)
    code = grown.codes[grown.paths.index("query.png")]
    expected = [pair for pair in brute_force(grown, code) if pair[1] != "query.png"]
    assert [(item.distance, item.path) for item in found] == expected


def test_a_copy_elsewhere_is_known_without_the_model(index, folder, tmp_path):
    copy = shutil.copy(folder / "photo2.jpg", tmp_path / "copy.jpg")
    found = neighbours(index, copy)
    assert found[0] == Neighbour("photo2.jpg", 0, "copy")
    assert found[1:] == neighbours(index, folder / "photo2.jpg")[1:]


def test_identical_photos_in_the_index(directory, folder, encoder):
    shutil.copy(folder / "photo5.jpg", folder / "a-copy.jpg")  # sorts before the query
    update(directory, folder, encoder, 5)
    found = neighbours(PhotoIndex(directory), folder / "photo5.jpg", k=2)
    assert found == [Neighbour("photo5.jpg", 0, "query"), Neighbour("a-copy.jpg", 0, "copy")]
    found = neighbours(PhotoIndex(directory), folder / "photo5.jpg", k=1)
    assert found == [Neighbour("photo5.jpg", 0, "query")]


def test_the_query_is_recognised_by_any_path_to_it(index, folder, tmp_path, monkeypatch):
    link = tmp_path / "link"
    link.symlink_to(folder)
    monkeypatch.chdir(folder)
    for path in ("photo1.jpg", "./photo1.jpg", "beach/../photo1.jpg", str(link / "photo1.jpg")):
        assert neighbours(index, path)[0] == Neighbour("photo1.jpg", 0, "query")


def test_k_limits_and_the_index_limits(index, folder):
    assert len(neighbours(index, folder / "photo0.jpg", k=3)) == 3
    assert len(neighbours(index, folder / "photo0.jpg", k=1)) == 1
    assert len(neighbours(index, folder / "photo0.jpg", k=1000)) == 8
    with pytest.raises(ValueError, match="`k` must be at least 1; got 0"):
        index.search([folder / "photo0.jpg"], k=0)


def test_an_index_of_one_photo(directory, tmp_path, encoder):
    photo = write_photo(tmp_path / "one" / "a.jpg", 0)
    other = write_photo(tmp_path / "b.jpg", 1)
    update(directory, photo.parent, encoder, 5)
    index = PhotoIndex(directory)
    assert neighbours(index, photo) == [Neighbour("a.jpg", 0, "query")]
    assert [item.path for item in neighbours(index, other, encoder=encoder)] == ["a.jpg"]


def test_many_queries_known_unknown_and_unreadable(index, folder, tmp_path, encoder):
    bad = tmp_path / "bad.jpg"
    bad.write_text("no photo")
    queries = [folder / f"photo{i % 6}.jpg" for i in range(40)]
    queries[10:10] = [bad, tmp_path / "none.jpg", write_photo(tmp_path / "new.jpg", 77)]
    answers = index.search(queries, 4, encoder)
    assert [answer.query for answer in answers] == [str(query) for query in queries]
    assert answers[10].problem.startswith("cannot be read as an image")
    assert answers[11].problem == "No such file or directory"
    assert answers[10].neighbours == answers[11].neighbours == []
    assert answers[12].neighbours == neighbours(index, queries[12], 4, encoder)
    assert answers[42].neighbours == neighbours(index, queries[42], 4)
    assert index.search([]) == []


def test_a_hashing_models_index(directory, folder, hashing_encoder, tmp_path):
    update(directory, folder, hashing_encoder)
    index = PhotoIndex(directory)
    query = write_photo(tmp_path / "query.jpg", 42)
    found = neighbours(index, query, encoder=hashing_encoder)
    shutil.copy(query, folder / "query.jpg")
    update(directory, folder, hashing_encoder)
    assert found == neighbours(PhotoIndex(directory), folder / "query.jpg")[1:]


def test_the_queries_model_must_be_the_indexs(index, tmp_path):
    query = write_photo(tmp_path / "query.jpg", 42)
    with pytest.raises(ValueError, match=r"query\.jpg is not in the index .*; pass `encoder`"):
        index.search([query])
    other = Encoder("tiny", lambda: tiny_backbone(seed=5))
    with pytest.raises(ValueError, match=r"is not the one that .* was made with"):
        index.search([query], encoder=other)


def test_a_query_changed_since_it_was_indexed_is_encoded_again(index, folder, encoder):
    write_photo(folder / "photo0.jpg", 200)
    found = neighbours(index, folder / "photo0.jpg", encoder=encoder)
    assert all(item.relation == "" for item in found)
    assert encoder.count == 8 + 1


def test_names_that_are_not_utf8(directory, folder, encoder):
    odd = (folder / "photo0.jpg").rename(folder / os.fsdecode(b"odd\xff.jpg"))
    update(directory, folder, encoder, 5)
    found = neighbours(PhotoIndex(directory), odd)
    assert os.fsencode(found[0].path) == b"odd\xff.jpg"
    assert found[0].relation == "query"


def test_codes_have_one_row_per_photo(index):
    assert index.codes.shape == (8, 1)
    assert index.codes.dtype == np.uint8
    assert len(index) == len(index.paths) == 8
    assert index.paths == sorted(index.paths)


@pytest.mark.data
def test_neighbours_of_flowers_are_flowers_of_their_kind(real_data, tmp_path):
    from benchmarks import folder_index

    figures = folder_index.measure(real_data / "flowers17", tmp_path / "index", bits=64)
    assert figures["photos"] == 1360
    assert figures["chance"] == round(79 / 1359, 4)
    assert figures["precision_at_10"] > 8 * figures["chance"]


def test_repr(index, directory, folder):
    assert repr(index).splitlines() == [
        f"PhotoIndex {directory}",
        f"  photos: 8 in {folder}",
        "  codes: 5 bits, projection 'superbit'",
        "  model: tiny",
    ]
    assert "<tr><th>model</th><td>tiny</td></tr>" in index._repr_html_()


def test_what_it_returns_is_the_callers(index, folder):
    before = neighbours(index, folder / "photo0.jpg")
    index.codes[:] = 0
    index.paths.reverse()
    index.model["name"] = "another"
    assert index.model["name"] == "tiny"
    assert neighbours(index, folder / "photo0.jpg") == before
