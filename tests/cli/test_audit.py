"""`keras-hashing audit`: the library's figures in a terminal, as JSON and as files."""

import json

import numpy as np
import pytest

import keras_hashing as kh


@pytest.fixture
def saved(tmp_path):
    """Path of a file that holds an array."""

    def save(name, array):
        np.save(tmp_path / f"{name}.npy", array)
        return tmp_path / f"{name}.npy"

    return save


@pytest.fixture
def words(saved):
    """All arguments, and what `kh.audit` takes for the same."""
    rng = np.random.default_rng(0)
    signs = 2 * rng.integers(0, 2, (150, 12)) - 1
    signs[:, 5] = 1
    codes, labels = kh.codes.pack(signs), rng.integers(0, 3, 150)
    given = {
        "codes": codes[20:],
        "labels": labels[20:],
        "ids": np.arange(20, 150),
        "query_codes": codes[:22],
        "query_labels": labels[:22],
        "query_ids": np.arange(22),
    }
    paths = {name: saved(name, array) for name, array in given.items()}
    options = []
    for name, path in list(paths.items())[1:]:
        options += ["--query" if name == "query_codes" else f"--{name.replace('_', '-')}", path]
    return [paths["codes"], "--bits", 12, *options], given


def test_json_is_the_librarys(call, words):
    arguments, given = words
    result = call("audit", *arguments, "--json")
    assert result.exit_code == 0, result.output
    wanted = kh.audit(bits=12, **given).to_dict()
    assert json.loads(result.stdout) == json.loads(json.dumps(wanted))


def test_terminal(call, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    arguments, given = words
    text = call("audit", *arguments).stdout
    audit = kh.audit(bits=12, **given)
    assert text.startswith("codes.npy: 130 codes of 12 bits; 22 queries, given; those that stand")
    assert "! 2 of 22 queries stand in the database under their own id (20, 21)" in text
    assert "! Dead bits, the same in all items: 1 of 12 (5)." in text
    assert "Note: no cutoff 1,000, 5,000: 130 items are searched." in text
    for row in audit.conventions:
        assert any(row.name in line and f"{row.expected:.4f}" in line for line in text.split("\n"))


def test_codes_alone(call, saved):
    result = call("audit", saved("codes", np.arange(120, dtype=np.uint8)[:, None]))
    assert result.exit_code == 0
    assert "120 codes of 8 bits; 120 queries, the database's own items" in " ".join(
        result.stdout.split()
    )
    assert "convention" not in result.stdout


@pytest.mark.parametrize(("name", "begins"), [("a.html", b"<!doctype"), ("a.png", b"\x89PNG")])
def test_out(call, words, tmp_path, name, begins):
    result = call("audit", *words[0], "--out", tmp_path / name)
    assert result.exit_code == 0, result.output
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert f"Wrote {tmp_path / name}" in result.stderr


def test_mistakes_are_one_line(fails, words, saved, tmp_path):
    arguments, _ = words
    message = fails("audit", *arguments, "--out", tmp_path / "a.txt")
    assert "`ending of --out` got the unknown value '.txt'; allowed: '.html', '.png'" in message
    assert fails("audit", tmp_path / "none.npy").startswith("No such file or directory")
    outputs = saved("c", np.array([[0.3, -2.0]]))
    assert "For outputs, pass `keras_hashing.codes.pack(codes)`" in fails("audit", outputs)
    assert "`query_ids` needs `query_codes` too" in fails(
        "audit", arguments[0], "--query-ids", saved("q", np.arange(2))
    )


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_files_that_are_no_arrays(fails, tmp_path, content):
    (tmp_path / "codes.npy").write_bytes(content)
    message = fails("audit", tmp_path / "codes.npy")
    assert f"{tmp_path / 'codes.npy'} cannot be read as a .npy file" in message


def test_several_arrays_in_a_file(fails, tmp_path):
    np.savez(tmp_path / "codes.npz", v=np.zeros((2, 2)), w=np.zeros((3, 2)))
    message = fails("audit", tmp_path / "codes.npz")
    assert "does not tell which of its arrays is `codes`: 'v' (2, 2), 'w' (3, 2)" in message


def test_pickled_objects_are_not_loaded(fails, saved):
    labels = saved("labels", np.array([object()], dtype=object))
    codes = saved("codes", np.zeros((1, 1), np.uint8))
    assert "labels.npy holds pickled objects" in fails("audit", codes, "--labels", labels)


def test_help_shows_defaults_and_an_example(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = " ".join(call("audit", "--help").stdout.replace("│", " ").split())
    assert "Example: keras-hashing audit codes.npy --labels labels.csv" in text
    for default in (
        "that of the codes",
        "none, or of CODES",
        "of CODES, or items of the database",
        "none, or of --query",
        "no file",
        "tables of text",
    ):
        assert f"[default: ({default})]" in text or f"[default: {default}]" in text
