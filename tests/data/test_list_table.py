import json

import pytest

from keras_hashing.data import label_fields, list_table


@pytest.fixture
def read(tmp_path):
    """A function that reads a text as a list: (names, numbers or flags, class names)."""

    def read_text(text, name="list.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        table = list_table.read(path)
        (array,), names = label_fields.number([table.labels])
        return table.names, None if array is None else array.tolist(), names

    return read_text


@pytest.mark.parametrize(
    ("text", "labels", "names"),
    [
        ("a.jpg,3\nb.jpg,0\n", [3, 0], []),
        ("file_name,label\na.jpg,3\nb.jpg,0\n", [3, 0], []),
        ("Path;Class\na.jpg;dog\nb.jpg;cat\n", [1, 0], ["cat", "dog"]),
        ("\ufefffilename\tlabel\na.jpg\t2\nb.jpg\t1\n", [2, 1], []),
        (",image,label\n0,a.jpg,cat\n1,b.jpg,cat\n", [0, 0], ["cat"]),
        ('path,labels\na.jpg,"0,2"\nb.jpg,\n', [[1, 0, 1], [0, 0, 0]], []),
        ("path,tags\na.jpg,sea|sky\nb.jpg,sky\n", [[1, 1], [0, 1]], ["sea", "sky"]),
        ("path,sea,sky\na.jpg,1,0\nb.jpg,0,0\n", [[1, 0], [0, 0]], ["sea", "sky"]),
        ("a.jpg,1,0\nb.jpg,0,0\n", [[1, 0], [0, 0]], []),
        ("path\na.jpg\nb.jpg\n", None, []),
        ("a.jpg,golden retriever\nb.jpg,cat\n", [1, 0], ["cat", "golden retriever"]),
        ("a.jpg;3,7\nb.jpg;0\n", [[0, 0, 0, 1, 0, 0, 0, 1], [1, *[0] * 7]], []),
    ],
)
def test_csv(read, text, labels, names):
    assert read(text) == (["a.jpg", "b.jpg"], labels, names)


@pytest.mark.parametrize(
    ("text", "labels", "names"),
    [
        ("a.jpg 3,1\nb.jpg 0\n", [[0, 1, 0, 1], [1, 0, 0, 0]], []),
        ("a.jpg 3,1\nb.jpg\n", [[0, 1, 0, 1], [0, 0, 0, 0]], []),
        ("a.jpg cat\nb.jpg dog\n", [0, 1], ["cat", "dog"]),
        ("a.jpg cat,dog\nb.jpg dog\n", [[1, 1], [0, 1]], ["cat", "dog"]),
        # Commas between flags: as class numbers the first would have class 0 twice.
        ("a.jpg 0,1,0\nb.jpg 1,1,1\n", [[0, 1, 0], [1, 1, 1]], []),
        ("path label\na.jpg 4\nb.jpg 5\n", [4, 5], []),
    ],
)
def test_text(read, text, labels, names):
    assert read(text, "list.txt") == (["a.jpg", "b.jpg"], labels, names)


def test_json_lines(read):
    lines = [{"file_name": "a.jpg", "label": ["cat", "dog"]}, {"file_name": "b.jpg", "label": []}]
    text = "\n".join(map(json.dumps, lines))
    assert read(text, "list.jsonl") == (["a.jpg", "b.jpg"], [[1, 1], [0, 0]], ["cat", "dog"])
    text = '{"file_name": "a.jpg", "label": 3}\n{"file_name": "b.jpg", "label": 0}\n'
    assert read(text, "list.jsonl") == (["a.jpg", "b.jpg"], [3, 0], [])


def test_flags_in_json_lines(read):
    lines = '{"file_name": "a.jpg", "label": [0, 1, 0]}\n{"file_name": "b.jpg", "label": [1, 1, 1]}'
    assert read(lines, "list.jsonl")[1] == [[0, 1, 0], [1, 1, 1]]


def test_columns_that_are_not_read_are_told(read):
    with pytest.warns(UserWarning, match=r"list\.csv: the columns width, split are not read"):
        read("path,label,width,split\na.jpg,3,20,train\nb.jpg,1,30,test\n")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "path,width,x\na.jpg,3,4\n", r"columns path, width, x, of which none is `label`"),
        ("a.csv", "path,breed\na.jpg,cat\n", r"of which none is `label`"),
        ("a.csv", "path,label\na.jpg,3\nb.jpg\n", r"line 3: 1 field\(s\), but the header has 2"),
        ("a.csv", "path,label\na.jpg,3\nb.jpg,\n", r"line 3: the label is missing"),
        ("a.csv", "a.jpg,3\nb.jpg,-1\n", r"line 2: the label '-1' is not a whole number"),
        ("a.txt", "a.jpg 3 7\nb.jpg 1 0\n", r"flag '3' is not 0 or 1.*several joined by commas"),
        ("a.txt", "a.jpg 1 0\nb.jpg 1 0 1\n", r"line 2: 3 label field\(s\), but line 1 has 2"),
        ("a.txt", "a.jpg 3,3\nb.jpg 1\n", r"a\.txt: the labels of image 0, 3, 3, have one twice"),
        ("a.jsonl", "{}\n[1]\n", r"line 2 must be an object with `file_name`"),
        ("a.jsonl", "{]\n", r"line 1 is not JSON"),
        ("a.jsonl", '{"x": 1}\n', r"no column `file_name`, only x"),
        ("a.jsonl", '{"path": "a", "label": 1}\n{"label": 2}\n', r"line 2: there is no `path`"),
        ("a.jsonl", '{"path": "a", "label": 0.5}\n', r"column `label`: label 0 must be a whole"),
        ("a.jsonl", '{"path": "a", "text": "b"}\n', r"of which none is `label`"),
        ("a.txt", "", r"is empty; a line for each image"),
    ],
)
def test_mistakes(read, name, text, message):
    with pytest.raises(ValueError, match=message):
        read(text, name)


def test_labels_alone(tmp_path):
    path = tmp_path / "labels.txt"
    for text, expected in (
        ("0 1\n1 0\n", [[0, 1], [1, 0]]),
        ("0,1,1\n1,0,1\n", [[0, 1, 1], [1, 0, 1]]),
        ("3\n1\n", [3, 1]),
        ("3,1\n\n1\n", [[0, 1, 0, 1], [0] * 4, [0, 1, 0, 0]]),
        ("cat\ngolden retriever\n", [0, 1]),
    ):
        path.write_text(text)
        (array,), _ = label_fields.number([list_table.read_labels(path)])
        assert array.tolist() == expected
    path.write_text("\n")
    with pytest.raises(ValueError, match=r"labels\.txt is empty"):
        list_table.read_labels(path)
