import h5py
import numpy as np
import pytest

from keras_hashing.data import mat_file

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), np.uint8)
LABELS = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], np.uint8)


def save_hdf5(path, names=(), **arrays):
    """As MATLAB's -v7.3 writes: columns are rows; cells are references to codes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            file[name] = array.T
        if names:
            cells = []
            for place, name in enumerate(names):
                codes = np.array([[ord(letter)] for letter in name], np.uint16)
                cells.append(file.create_dataset(f"#refs#/{place}", data=codes).ref)
            file.create_dataset("FAll", data=np.array([cells], h5py.ref_dtype))


# What axis orders public files have, as MATLAB sees them.
ORDERS = {"DCMH": (1, 2, 3, 0), "n first": (0, 1, 2, 3), "channels second": (0, 3, 1, 2)}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("version", ["5", "7.3"])
def test_images_of_any_order(tmp_path, version, order):
    path = tmp_path / "iall.mat"
    stored = np.ascontiguousarray(PIXELS.transpose(ORDERS[order]))
    if version == "5":
        pytest.importorskip("scipy.io").savemat(path, {"IAll": stored, "LAll": LABELS})
    else:
        save_hdf5(path, IAll=stored, LAll=LABELS)
    content = mat_file.read(path)
    np.testing.assert_array_equal(content.images, PIXELS)
    assert content.images.dtype == np.uint8
    np.testing.assert_array_equal(content.labels, LABELS)
    assert content.names is None


def test_whole_floats_are_taken_as_pixels_and_others_refused(tmp_path):
    path = tmp_path / "a.mat"
    save_hdf5(path, images=PIXELS.astype(float), labels=LABELS.astype(float))
    content = mat_file.read(path)
    np.testing.assert_array_equal(content.images, PIXELS)
    np.testing.assert_array_equal(content.labels, LABELS)
    for wrong in (PIXELS / 255, PIXELS - 120.0, PIXELS * 2.0):
        save_hdf5(path, images=wrong)
        with pytest.raises(ValueError, match=r"the images must be whole numbers from 0 to 255"):
            mat_file.read(path)


def test_names_in_cells_and_in_characters(tmp_path):
    names = ["im1.jpg", "im10.jpg"]
    save_hdf5(tmp_path / "cells.mat", names)
    assert mat_file.read(tmp_path / "cells.mat").names == names
    with h5py.File(tmp_path / "chars.mat", "w") as file:
        padded = np.array([[ord(letter) for letter in name.ljust(8)] for name in names], np.uint16)
        file.create_dataset("index", data=padded.T).attrs["MATLAB_class"] = np.bytes_("char")
    assert mat_file.read(tmp_path / "chars.mat").names == names
    scipy_io = pytest.importorskip("scipy.io")
    scipy_io.savemat(tmp_path / "old.mat", {"index": np.array(names)})  # padded with spaces
    assert mat_file.read(tmp_path / "old.mat").names == names
    nested = np.empty((2, 1), object)
    nested[:, 0] = [np.array([name], object) for name in names]
    scipy_io.savemat(tmp_path / "cells5.mat", {"FAll": nested})
    assert mat_file.read(tmp_path / "cells5.mat").names == names


def test_class_numbers_and_a_single_variable_of_any_name(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    scipy_io.savemat(tmp_path / "a.mat", {"cids": np.array([[3.0, 0.0, 2.0]])})
    assert mat_file.read(tmp_path / "a.mat").labels.tolist() == [3, 0, 2]


def test_sparse_labels(tmp_path):
    sparse = pytest.importorskip("scipy.sparse").csc_matrix(LABELS)
    pytest.importorskip("scipy.io").savemat(tmp_path / "a.mat", {"LAll": sparse})
    np.testing.assert_array_equal(mat_file.read(tmp_path / "a.mat").labels, LABELS)


def test_what_cannot_be_read(tmp_path, monkeypatch):
    path = tmp_path / "a.mat"
    save_hdf5(path, codes=LABELS, u=PIXELS)
    with pytest.raises(ValueError, match=r"none of the variables IAll .*codes \(4, 2\), u \(4, 5"):
        mat_file.read(path)
    save_hdf5(path, images=PIXELS[..., :2])
    with pytest.raises(ValueError, match=r"images must be \(height, width, 3, n\).*\(4, 5, 6, 2\)"):
        mat_file.read(path)
    save_hdf5(path, images=PIXELS, labels=LABELS[:3])
    with pytest.raises(ValueError, match=r"with n = 3; got \(4, 5, 6, 3\)"):
        mat_file.read(path)
    path.write_text("no MATLAB file, but some text that is long enough to hold a header" * 4)
    with pytest.raises(ValueError, match=r"a\.mat cannot be read as a MATLAB file"):
        mat_file.read(path)
    save_hdf5(path, images=PIXELS)
    monkeypatch.setattr(mat_file, "MAX_BYTES", PIXELS.size - 1)
    with pytest.raises(ValueError, match=r"GiB of pixels.*Save the images as files and write a"):
        mat_file.read(path)
