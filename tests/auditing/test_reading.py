"""Files as arrays, and files that are refused with true words."""

import pickle

import h5py
import numpy as np
import pytest

from keras_hashing.auditing import reading

TABLE = np.array([[1, -1, 1], [-1, -1, 1]])


def only(path, **options):
    (array,) = reading.read(path, **options).values()
    return array


def test_npy_is_mapped(tmp_path):
    np.save(tmp_path / "a.npy", TABLE)
    found = only(tmp_path / "a.npy")
    assert isinstance(found, np.memmap) and found.tolist() == TABLE.tolist()


def test_npz(tmp_path):
    np.savez(tmp_path / "a.npz", x=TABLE, y=np.arange(2), z=np.array([object()]))
    found = reading.read(tmp_path / "a.npz")
    assert found["x"].tolist() == TABLE.tolist() and found["y"].tolist() == [0, 1]
    assert found["z"] is None


def test_old_mat(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    from scipy import sparse

    names = np.array(["a", "bcd", ""], object)
    arrays = {"B": TABLE > 0, "L": sparse.csc_matrix(TABLE), "names": names, "y": np.arange(3)}
    scipy_io.savemat(tmp_path / "a.mat", {**arrays, "s": {"field": 1}})
    found = reading.read(tmp_path / "a.mat")
    assert found["B"].dtype == bool and found["B"].tolist() == (TABLE > 0).tolist()
    assert found["L"].tolist() == TABLE.tolist()
    assert found["names"].tolist() == ["a", "bcd", ""]
    assert found["y"].tolist() == [[0, 1, 2]]  # MATLAB has no vectors
    assert set(found) == {"B", "L", "names", "y"}


def test_new_mat(tmp_path):
    # As MATLAB 7.3 writes: HDF5 behind 512 bytes of text, axes the other way round.
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["B"] = (TABLE > 0).astype(np.uint8).T
        file["B"].attrs["MATLAB_class"] = np.bytes_("logical")
        file["x"] = TABLE.T.astype(float)
        file.create_group("struct")
    with (tmp_path / "a.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    found = reading.read(tmp_path / "a.mat")
    assert found["B"].dtype == bool and found["B"].tolist() == (TABLE > 0).tolist()
    assert found["x"].tolist() == TABLE.tolist()
    assert set(found) == {"B", "x"}


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.csv", "1,-1,1\n-1,-1,1\n", TABLE),
        ("a.csv", "b0,b1,b2\n1,-1,1\n-1,-1,1", TABLE),
        ("a.csv", '"b0","b1","b2"\r\n1, -1, 1\r\n-1, -1, 1\r\n', TABLE),
        ("a.csv", "\ufeff1;-1;1\n-1;-1;1\n\n", TABLE),
        ("a.tsv", "1\t-1\t1\n-1\t-1\t1\n", TABLE),
        ("a.txt", "1 -1 1\n-1  -1 1\n", TABLE),
        ("a.csv", "1.0,-1.0,1e0\n-1,-1,1\n", TABLE),
        ("a.csv", "0.5,1\n", [[0.5, 1]]),
        ("a.csv", "label\n3\n4\n", [[3], [4]]),
        ("a.txt", "# label\n3\n4\n", [[3], [4]]),
        ("a.csv", "9007199254740993\n1\n", [[9007199254740993], [1]]),
        ("a.csv", "label\ncat\ndog\n", ["cat", "dog"]),
        ("a.csv", "cat\ndog\n", ["cat", "dog"]),
        ("a.csv", '"a, b.jpg"\n"c d.jpg"\n', ["a, b.jpg", "c d.jpg"]),
    ],
)
def test_text(tmp_path, name, text, wanted):
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = only(tmp_path / name)
    assert found.tolist() == np.asarray(wanted).tolist()


def test_lines_as_they_stand(tmp_path):
    (tmp_path / "ids.txt").write_text("my photos/a, b.jpg\n17\n\n", encoding="utf-8")
    assert only(tmp_path / "ids.txt", text=True).tolist() == ["my photos/a, b.jpg", "17"]


def test_an_entrys_folder(tmp_path):
    with pytest.raises(ValueError, match="is a folder without codes.npz"):
        reading.read(tmp_path)
    np.savez(tmp_path / "codes.npz", x=TABLE)
    assert list(reading.read(tmp_path)) == ["x"]


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.pkl", "A.PICKLE", "a.joblib"])
def test_pickles_are_refused_unread(tmp_path, name):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("it was loaded",))

    (tmp_path / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match=r"is not loaded: .*`numpy.save\('codes.npy', codes.cpu"):
        reading.read(tmp_path / name)
    for other in ("b.npy", "b.npz", "b.csv", "b.mat"):
        (tmp_path / other).write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(ValueError, match=r"b\.... "):
            reading.read(tmp_path / other)


def test_a_pickled_dict_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", {"codes": TABLE})  # HashNet's way
    with pytest.raises(ValueError, match=r"a\.npy holds pickled objects.*`numpy.savez\(path, \*\*"):
        reading.read(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npy", b"", "a.npy cannot be read as a .npy file: it does not begin as one"),
        ("a.npy", b"\x93NUMPY\x01\x00", "cannot be read as a .npy file"),
        ("a.npz", b"PK", "cannot be read as a .npz file"),
        ("a.mat", b"no matrix" * 30, "cannot be read as a .mat file"),
        ("a.mat", b"", "cannot be read as a .mat file"),
        ("a.csv", b"", "it is empty"),
        ("a.csv", b"label\n", "it has a header and no line below"),
        ("a.csv", b"1,2\n3\n", "cannot be read as a .csv file: .* columns"),
        ("a.csv", b"id,b0,b1\n1,0,1\n", r"its columns are not of one kind: \['id'\] beside 2"),
        ("a.csv", b",b0,b1\n0,0,1\n", r"not of one kind: \[''\] beside 2"),
        ("a.csv", b"a.jpg,1\nb.jpg,2\n", r"it has 2 columns, and text in them \(\['a.jpg', '1'\]"),
        ("a.csv", b"\xff\xfe1\x00", "is not text in UTF-8"),
        (
            "a.parquet",
            b"",
            "has the ending '.parquet'; read are .npy, .npz, .mat, .csv, .tsv, .txt",
        ),
    ],
)
def test_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        reading.read(tmp_path / name)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.npy"):
        reading.read(tmp_path / "none.npy")
