"""Every form of codes, in every file, to `kh.audit` and to the command: one result for all."""

import json

import numpy as np
import pytest
import typer.testing

import keras_hashing as kh
from keras_hashing.cli import main

BITS = 12
RNG = np.random.default_rng(0)
CENTRES = RNG.choice([-1, 1], (3, BITS))
LABELS, QUERY_LABELS = RNG.integers(0, 3, 60), RNG.integers(0, 3, 20)


def noisy(labels):
    return np.where(RNG.random((len(labels), BITS)) < 0.1, -1, 1) * CENTRES[labels]


SIGNS = {"codes": noisy(LABELS), "query_codes": noisy(QUERY_LABELS)}
FORMS = {
    "packed": kh.codes.pack,
    "packed in int64": lambda signs: kh.codes.pack(signs).astype(np.int64),
    "packed in float64": lambda signs: kh.codes.pack(signs).astype(float),
    "signs int8": lambda signs: signs.astype(np.int8),
    "signs int64": lambda signs: signs,
    "signs float32": lambda signs: signs.astype(np.float32),
    "bits bool": lambda signs: signs > 0,
    "bits uint8": lambda signs: (signs > 0).astype(np.uint8),
    "bits int64": lambda signs: (signs > 0).astype(int),
    "bits float32": lambda signs: (signs > 0).astype(np.float32),
}
REFUSED = {
    "outputs": (lambda signs: 0.3 * signs, "For outputs, pass `keras_hashing.codes.pack"),
    "signs in uint8": (lambda signs: signs.astype(np.uint8), "signs +1 and -1 that were cast"),
    "packed in int8": (lambda signs: kh.codes.pack(signs).view(np.int8), "view('uint8')"),
    "big-endian": (lambda signs: np.packbits(signs > 0, axis=1), "highest bit first"),
    "words": (lambda signs: kh.codes.pack(signs).view(np.uint16), "words of packed bits"),
    "text": (lambda signs: signs.astype(str), "must be packed codes"),
    "one row": (lambda signs: signs[0], "must have 2 dimension(s)"),
}


def save_npy(path, array):
    np.save(path, array)


def save_npz(path, array):
    np.savez(path, codes=array)


def save_csv(path, array):
    array = array.astype(int) if array.dtype.kind == "b" else array
    np.savetxt(path, array, delimiter=",", fmt="%s")


def save_csv_header(path, array):
    header = ",".join(f"b{column}" for column in range(array.shape[1]))
    np.savetxt(path, 1 * array, delimiter=",", fmt="%s", header=header, comments="")


def save_mat(path, array, name="B"):
    pytest.importorskip("scipy.io").savemat(path, {name: array})


FILES = {
    "a.npy": save_npy,
    "a.npz": save_npz,
    "a.csv": save_csv,
    "header.csv": save_csv_header,
    "a.txt": lambda path, array: np.savetxt(path, 1 * array, fmt="%s"),
    "a.mat": save_mat,
}


@pytest.fixture(scope="module")
def wanted():
    """What the packed arrays give."""
    packed = {role: kh.codes.pack(signs) for role, signs in SIGNS.items()}
    return said(kh.audit(bits=BITS, labels=LABELS, query_labels=QUERY_LABELS, **packed).to_dict())


def said(figures):
    """Figures alone, as JSON has them."""
    assert figures.pop("notes")
    return json.loads(json.dumps(figures))


@pytest.mark.parametrize("form", FORMS)
def test_arrays(form, wanted):
    given = {role: FORMS[form](signs) for role, signs in SIGNS.items()}
    bits = BITS if "packed" in form else None
    found = kh.audit(bits=bits, labels=LABELS, query_labels=QUERY_LABELS, **given)
    assert said(found.to_dict()) == wanted


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("form", FORMS)
def test_files(form, file, tmp_path, wanted):
    paths = {}
    for role, signs in SIGNS.items():
        (tmp_path / role).mkdir()
        paths[role] = tmp_path / role / file
        FILES[file](paths[role], FORMS[form](signs))
    found = kh.audit(bits=BITS, labels=LABELS, query_labels=QUERY_LABELS, **paths)
    assert said(found.to_dict()) == wanted


def command(*words):
    return typer.testing.CliRunner().invoke(main.app, ["audit", *map(str, words)])


LABEL_FORMS = {
    "labels.npy": lambda path, labels: np.save(path, labels),
    "labels.npz": lambda path, labels: np.savez(path, anything=labels),
    "labels.csv": lambda path, labels: np.savetxt(path, labels, fmt="%d", header="label"),
    "labels.txt": lambda path, labels: path.write_text("".join(f"class {i}\n" for i in labels)),
    "onehot.csv": lambda path, labels: np.savetxt(path, np.eye(3)[labels], delimiter=","),
    "labels.mat": lambda path, labels: save_mat(path, labels, "L"),
}


@pytest.mark.parametrize("labels", LABEL_FORMS)
@pytest.mark.parametrize("form", ["packed", "signs float32", "bits uint8"])
def test_command(form, labels, tmp_path, wanted):
    paths = {}
    sides = {"codes": (LABELS, "--labels"), "query_codes": (QUERY_LABELS, "--query-labels")}
    words = []
    for role, signs in SIGNS.items():
        np.save(tmp_path / f"{role}.npy", FORMS[form](signs))
        numbers, option = sides[role]
        paths[role] = tmp_path / f"{role}_{labels}"
        LABEL_FORMS[labels](paths[role], numbers)
        words += [option, paths[role]]
    codes = tmp_path / "codes.npy", "--query", tmp_path / "query_codes.npy"
    result = command(*codes, "--bits", BITS, *words, "--json")
    assert result.exit_code == 0, result.output
    assert said(json.loads(result.stdout)) == wanted


def test_all_in_one_file(tmp_path, wanted):
    arrays = {"trn_binary": SIGNS["codes"], "tst_binary": SIGNS["query_codes"]}
    arrays |= {"trn_label": np.eye(3)[LABELS], "tst_label": np.eye(3)[QUERY_LABELS]}
    np.savez(tmp_path / "all.npz", **arrays)
    save_all = pytest.importorskip("scipy.io").savemat
    save_all(tmp_path / "all.mat", arrays)
    for name in ("all.npz", "all.mat"):
        assert said(kh.audit(tmp_path / name).to_dict()) == wanted
        result = command(tmp_path / name, "--json")
        assert said(json.loads(result.stdout)) == wanted


@pytest.mark.parametrize("form", REFUSED)
def test_refused_with_the_same_words(form, tmp_path):
    make, words = REFUSED[form]
    array, bits = make(SIGNS["codes"]), BITS if form == "big-endian" else None
    with pytest.raises((TypeError, ValueError)) as error:
        kh.audit(array, bits)
    assert words in str(error.value)
    np.save(tmp_path / "codes.npy", array)
    result = command(tmp_path / "codes.npy", *(["--bits", bits] if bits else []))
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl"])
def test_pickles_are_refused(ending, tmp_path):
    path = tmp_path / f"codes{ending}"
    path.write_bytes(b"whatever")
    with pytest.raises(ValueError, match="numpy.save"):
        kh.audit(path)
    assert "numpy.save" in command(path).stderr
