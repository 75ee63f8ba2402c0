import pickle

import pyarrow
import pyarrow.parquet
import pytest

from keras_hashing.corpus import parquet_source
from keras_hashing.corpus.listing import list_files
from keras_hashing.corpus.parquet_source import ParquetSource


def opened(path, **settings):
    return ParquetSource.open(list_files(path), **settings)


def everything(source):
    return [source.read(place) for place in range(len(source))]


def test_bytes_over_files_and_row_groups(parquet, jpegs):
    parquet("b.parquet", image=jpegs[:2], label=[0, 1])
    first = parquet("a.parquet", image=jpegs, label=list(range(7)))
    source = opened(first.parent, label="label")
    items = everything(source)
    assert [item.content for item in items] == [*jpegs, *jpegs[:2]]
    assert [item.label for item in items] == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert items[8].name == "b.parquet#1"
    assert list(source.identity()) == ["a.parquet#0+7", "b.parquet#0+2"]


@pytest.mark.parametrize(("start", "stop"), [(0, 9), (0, 0), (2, 5), (5, 8), (7, 9), (8, 9)])
def test_cuts(parquet, jpegs, start, stop):
    parquet("a.parquet", image=jpegs)
    source = opened(parquet("b.parquet", image=jpegs[:2]).parent)
    part = pickle.loads(pickle.dumps(source.cut(start, stop)))
    assert everything(part) == everything(source)[start:stop]
    assert everything(part.cut(1, 2)) == everything(part)[1:2]


def test_only_two_row_groups_stay_in_memory(parquet, jpegs):
    source = opened(parquet(group=1, image=jpegs))
    assert [item.content for item in everything(source)] == jpegs
    assert len(source._files.groups) == 2
    assert source.read(0).content == jpegs[0]  # and come back


@pytest.mark.parametrize("absolute", [False, True])
def test_paths(parquet, tmp_path, jpegs, absolute):
    before = f"{tmp_path}/one" if absolute else "../one"
    names = [f"{before}/0.jpg", f"{before}/gone.jpg", f"file://{tmp_path}/one/2.jpg"]
    items = everything(opened(parquet(path=names)))
    assert [item.content for item in items] == [jpegs[0], None, jpegs[2]]
    assert [item.name for item in items] == names
    assert items[1].problem == "there is no such file."


def test_structs_of_bytes_or_path(parquet, jpegs):
    rows = [{"bytes": jpegs[0], "path": "x.jpg"}, {"bytes": None, "path": "../one/1.jpg"}, None]
    items = everything(opened(parquet(image=rows)))
    assert [item.content for item in items] == [jpegs[0], jpegs[1], None]
    assert [item.name for item in items] == ["a.parquet#0", "../one/1.jpg", "a.parquet#2"]
    assert items[2].problem == "its row is null."


def test_column_by_name(parquet, jpegs):
    path = parquet(image=["a"], photo=jpegs[:1])
    assert opened(path, column="photo").read(0).content == jpegs[0]


def test_mistakes(parquet, jpegs):
    path = parquet(photo=jpegs[:2], kind=["a", "b"], number=[1.5, 2.5], label=[-1, None])
    with pytest.raises(
        ValueError, match="has no column 'image or bytes or path'; it has photo, ki"
    ):
        opened(path)
    with pytest.raises(ValueError, match="no column 'picture'.* Name the right one with `column`"):
        opened(path, column="picture")
    with pytest.raises(ValueError, match="'number' must hold bytes of image files.*holds double"):
        opened(path, column="number")
    with pytest.raises(ValueError, match="'kind' must hold whole numbers; it holds string"):
        opened(path, column="photo", label="kind")
    source = opened(path, column="photo", label="label")
    for place in range(2):
        with pytest.raises(ValueError, match=rf"`label` must be .* the label of a.parquet#{place}"):
            source.read(place)


def test_a_file_that_is_no_parquet(parquet):
    path = parquet(image=[b"x"])
    path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(ValueError, match=r"a\.parquet cannot be read as parquet: .* Get the file"):
        opened(path)


def test_a_damaged_row_group_is_an_error_that_mends(parquet, jpegs):
    path = parquet(image=jpegs)
    source, whole = opened(path), path.read_bytes()
    path.write_bytes(whole[:4] + bytes(60) + whole[64:])  # the first page's header
    with pytest.raises(ValueError, match=r"a\.parquet cannot be read as parquet"):
        source.read(0)
    path.write_bytes(whole)
    assert source.read(0).content == jpegs[0]


@pytest.mark.parametrize("value", [0, 2**31 - 1])
def test_class_numbers(value):
    assert parquet_source.class_number("a", value) == value
    with pytest.raises(ValueError, match="between 0 and 2147483647; got 2147483648. It is the la"):
        parquet_source.class_number("a", 2**31)


def test_hidden_types_are_taken(parquet, jpegs):
    path = parquet(image=pyarrow.array(jpegs, pyarrow.large_binary()))
    assert opened(path).read(6).content == jpegs[6]
