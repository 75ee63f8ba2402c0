"""Types and signatures of the public names, as type checkers and editors see them."""

import inspect
import pathlib
import subprocess
import sys

import pytest

import keras_hashing as kh

ROOT = pathlib.Path(__file__).parents[1]

# Each line with what mypy says of it.
MISTAKES = {
    "import keras_hashing as kh": None,
    "kh.encod": "[attr-defined]",
    "kh.methods.DHM": "[attr-defined]",
    'kh.Index(bits="48")': "[arg-type]",
    "kh.Index(bits=48).search([[0]], top=5)": "[call-arg]",
    'kh.zoo.list(bits="48")': "[arg-type]",
    'kh.encode(kh.load("a.keras"), []).shap': "[attr-defined]",
    "kh.evaluate([[0]], [0], [[0]], [0]).mapp": "[attr-defined]",
    "kh.data.sample().labls": "[attr-defined]",
}


def test_mypy_knows_the_names_of_the_readme(tmp_path):
    pytest.importorskip("mypy", reason="pip install keras_hashing[dev]")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("\n".join(MISTAKES) + "\n", encoding="utf-8")
    command = ["--strict", "--follow-imports=silent", "--config-file=", "--cache-dir", tmp_path]
    files = [ROOT / "tests" / "uses.py", wrong]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, [*command, *files])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    expected = [code for code in MISTAKES.values() if code]
    assert [line.rsplit(" ", 1)[-1] for line in found] == expected, done.stdout + done.stderr
    assert all(line.split(":")[0].endswith("wrong.py") for line in found)


def script(code):
    jedi = pytest.importorskip("jedi", reason="pip install keras_hashing[dev]")
    return jedi.Script(
        f"import keras_hashing as kh\n{code}",
        path=ROOT / "a_users.py",
        project=jedi.Project(ROOT),
        environment=jedi.InterpreterEnvironment(),
    )


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("kh.en", {"encode"}),
        ("kh.Ind", {"Index"}),
        ("kh.eval", {"evaluate", "evaluation"}),
        ("kh.methods.D", {"DHN", "DPN", "DPSH", "DSH", "DLBHC", "DNNH", "DeepBit"}),
        ("kh.zoo.l", {"list", "load"}),
        ("kh.Index(bits=48).se", {"search"}),
        ("kh.evaluate([], []).map_", {"map_best", "map_worst", "map_at"}),
    ],
)
def test_an_editor_completes(code, names):
    assert names <= {found.name for found in script(code).complete()}


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("kh.encode(", ["images: Images", "batch_size: int=64", "-> UInt8Array"]),
        ("kh.Index(bits=48).search(", ["k: int=10", "-> tuple[Int32Array, Int64Array]"]),
        ("kh.evaluate(", ["*, bits: int | None=None", "radius: int=2", "Report"]),
        ("kh.methods.DHN(", ["bits: int", "backbone: str | keras.Model | None", "alpha: float"]),
        ("kh.CoarseToFine(", ["index:", "metric: str"]),
    ],
)
def test_an_editor_shows_the_signature(code, shown):
    (signature,) = script(code).get_signatures()
    assert all(part in signature.to_string() for part in shown)


def public_functions():
    """Public functions, and constructors of public classes, by their place."""
    parts = [kh, *(getattr(kh, name) for name in kh._MODULES)]
    for part in parts:
        here = [name for name in vars(part) if not name.startswith("_")]
        for name in getattr(part, "__all__", here):
            value = getattr(part, name)
            if getattr(value, "__module__", "").split(".")[0] != "keras_hashing":
                continue
            if inspect.isclass(value) and "__init__" in vars(value):
                yield f"{part.__name__}.{name}", value.__init__
            elif inspect.isfunction(value):
                yield f"{part.__name__}.{name}", value


def test_every_public_function_is_annotated():
    missing = [
        f"{place}: {name}"
        for place, function in public_functions()
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self" and parameter.annotation is inspect.Parameter.empty
    ]
    assert not missing, "\n".join(missing)


def test_every_public_function_says_what_it_returns():
    missing = [
        place
        for place, function in public_functions()
        if inspect.signature(function).return_annotation is inspect.Signature.empty
    ]
    assert not missing, "\n".join(missing)


def test_annotations_are_promised():
    assert (ROOT / "keras_hashing" / "py.typed").is_file()
