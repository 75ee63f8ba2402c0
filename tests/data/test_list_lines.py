import pathlib

import pytest

from keras_hashing.data import list_lines


def cut(text, name="list.txt"):
    return [f for _, f in list_lines.fields(pathlib.Path(name), list(enumerate(text.splitlines())))]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a.jpg 0 1 0", ["a.jpg", "0", "1", "0"]),
        ("  a.jpg   0  1 ", ["a.jpg", "0", "1"]),
        ("my dog.jpg 0 1", ["my dog.jpg", "0", "1"]),
        ("x.jpg of me/my dog.JPEG 7", ["x.jpg of me/my dog.JPEG", "7"]),
        ("a.jpg", ["a.jpg"]),
        ("a.jpg 3,7", ["a.jpg", "3,7"]),
        ("a.jpg 3, 7", ["a.jpg", "3,7"]),
        ("a.jpg golden retriever", ["a.jpg", "golden retriever"]),
        ("a.jpg,3", ["a.jpg", "3"]),
        ("my dog.jpg, 3", ["my dog.jpg", "3"]),
        ("a.jpg;3,7", ["a.jpg", "3,7"]),
        ("a.jpg\tgolden retriever", ["a.jpg", "golden retriever"]),
        ("a.jpg\t0 1 0", ["a.jpg", "0", "1", "0"]),
        ("a b\t0\t1", ["a b", "0", "1"]),
        ('"a, b.jpg" 3', ["a, b.jpg", "3"]),
        ('"a, b.jpg",3', ["a, b.jpg", "3"]),
        ("no_extension 0 1", ["no_extension", "0", "1"]),
        ("no_extension,4", ["no_extension", "4"]),
    ],
)
def test_a_line_of_a_text_list(text, first):
    assert cut(text) == [first]
    assert cut(f"{text}\n{text}") == [first, first]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a.jpg,0,1", ["a.jpg", "0", "1"]),
        ('a.jpg,"3,7"', ["a.jpg", "3,7"]),
        ("0,a.jpg,cat", ["0", "a.jpg", "cat"]),
        ("a.jpg|cat", ["a.jpg", "cat"]),
        ("name;golden retriever", ["name", "golden retriever"]),
        ("a.jpg 1", ["a.jpg", "1"]),
        ("a.jpg", ["a.jpg"]),
    ],
)
def test_a_line_of_csv(text, first):
    assert cut(text, "list.csv") == [first]


def test_a_header_before_paths_with_spaces():
    assert cut("path label\nmy dog.jpg 3") == [["path", "label"], ["my dog.jpg", "3"]]


def test_lines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\r\nb\n\n")
    assert list_lines.read(path) == [(1, "a"), (3, "b")]
    assert list_lines.read(path, keep_empty=True) == [(1, "a"), (2, ""), (3, "b")]
    path.write_bytes(b"\xff\xfea")
    with pytest.raises(ValueError, match=r"a\.txt is not a text file in UTF-8"):
        list_lines.read(path)


def test_kinds_of_fields():
    assert [list_lines.is_image(f) for f in ("x/a.JPG", "a.tiff ", "a.txt", "label")] == [
        True,
        True,
        False,
        False,
    ]
    assert [list_lines.is_number(f) for f in ("3", "-1", "0.5", "cat")] == [True] * 3 + [False]
