import copy
import json

import pytest

from keras_hashing.data import coco_file

CONTENT = {
    "images": [{"id": 7, "file_name": "b.jpg"}, {"id": 3, "file_name": "a.jpg"}],
    "annotations": [
        {"image_id": 3, "category_id": 5},
        {"image_id": 3, "category_id": 2},
        {"image_id": 7, "category_id": 5, "iscrowd": 1},
    ],
    "categories": [{"id": 5, "name": "dog"}, {"id": 2, "name": "cat"}],
}


def read(tmp_path, content):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(content))
    return coco_file.read(path)


def test_flags_in_the_order_of_category_ids(tmp_path):
    table = read(tmp_path, CONTENT)
    assert table.names == ["b.jpg", "a.jpg"]
    assert table.labels.class_names == ["cat", "dog"]
    assert table.labels.flags.tolist() == [[0, 1], [1, 1]]


def without(*way):
    content = copy.deepcopy(CONTENT)
    place = content
    for key in way[:-1]:
        place = place[key]
    del place[way[-1]]
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (without("categories"), r"has no `categories`.*captions have no categories"),
        ([], r"has no `images`"),
        (CONTENT | {"images": []}, r"is empty; it has no image"),
        (CONTENT | {"images": CONTENT["images"][:1]}, r"has the image_id 3, of none"),
        (CONTENT | {"categories": CONTENT["categories"][:1]}, r"has the category_id 2, of none"),
        (CONTENT | {"images": CONTENT["images"] * 2}, r"an id of images is there twice"),
        (without("images", 0, "file_name"), r"an entry lacks 'file_name'"),
        (without("annotations", 0, "image_id"), r"an entry lacks 'image_id'"),
    ],
)
def test_mistakes(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, content)


def test_not_json(tmp_path):
    (tmp_path / "a.json").write_text("{]")
    with pytest.raises(ValueError, match=r"a\.json is not JSON"):
        coco_file.read(tmp_path / "a.json")
