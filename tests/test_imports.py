"""The house rules that a machine can read: who imports whom, tests, lengths, names, packages."""

import ast
import configparser
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "keras_hashing"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A part, a folder or a module directly under keras_hashing, imports only from rows above its own;
# parts of one row do not know each other. Inside a folder anything may import anything.
ROWS = (
    ("checks", "files", "html", "pages", "resources", "spelling", "types"),
    ("codes", "formulas", "pixels", "relevance", "replicas", "weights"),
    ("classes", "data"),
    ("elements",),
    ("source",),
    ("batches",),
    ("backbones", "evaluation", "hashers", "index", "layers", "losses", "regularizers"),
    ("auditing", "encoding"),
    ("methods",),
    ("callbacks", "corpus", "exporting", "photos"),
    ("serving", "zoo"),
    ("loading", "training"),
    ("cli",),
    ("__main__",),
)
ROW_OF = {part: number for number, row in enumerate(ROWS) for part in row}

MOST_LINES = 300

# Slow to import, and needed by few: only inside functions.
LATE = {"matplotlib", "sklearn", "scipy", "tensorboard", "keras_tuner", "tensorflow_datasets"}
LATE |= {"faiss", "grpc", "milvus_lite", "psycopg", "pymilvus", "ray"}
LATE |= {"ai_edge_litert", "onnx", "onnxruntime", "tensorflow_serving", "tf2onnx"}


def part_of(path):
    """`keras_hashing/losses/pairwise.py` -> `losses`."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def mirror(path):
    """`keras_hashing/losses/pairwise.py` -> `tests/losses/test_pairwise.py`."""
    inside = path.relative_to(PACKAGE)
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


def imported_names(nodes):
    """Dotted names of everything that the import statements among `nodes` import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the row; write the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_parts(tree):
    """Parts of keras_hashing that a module imports anywhere, also inside functions."""
    names = [name.split(".") for name in imported_names(ast.walk(tree))]
    return {rest[0] for first, *rest in names if first == "keras_hashing" and rest}


def registered_names(path):
    """What a module registers with Keras; package and name must be written out."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call) and "register_keras_serializable" in ast.unparse(node.func):
            words = dict(zip(("package", "name"), node.args, strict=False))
            words |= {word.arg: word.value for word in node.keywords}
            assert ast.literal_eval(words["package"]) == "keras_hashing", relative(path)
            yield ast.literal_eval(words["name"])


def text_files_without_encoding(path):
    """Lines that read or write text in whatever encoding the machine is set to."""
    for node in ast.walk(parse(path)):
        if not isinstance(node, ast.Call) or any(word.arg == "encoding" for word in node.keywords):
            continue
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if method else getattr(node.func, "id", None)
        given = [*node.args[not method :][:1], *(w.value for w in node.keywords if w.arg == "mode")]
        # Not a mode: the name that `Image.open` and `ZipFile.open` take.
        mode = getattr(given[0], "value", None) if given else "r"
        opens = name == "open" and isinstance(mode, str) and set(mode) <= set("rwaxt+")
        if opens or name in ("read_text", "write_text"):
            yield f"{relative(path)}:{node.lineno}"


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def relative(path):
    return str(path.relative_to(ROOT))


def test_every_part_has_a_row():
    parts = {part_of(path) for path in MODULES} - {"__init__"}
    assert parts == set(ROW_OF)


def test_imports_go_to_rows_above():
    wrong = [
        f"{relative(path)} imports {other}"
        for path in MODULES
        if part_of(path) != "__init__"  # its imports are for type checkers and never run
        for other in sorted(imported_parts(parse(path)) - {part_of(path)})
        if ROW_OF[other] >= ROW_OF.get(part_of(path), -1)
    ]
    assert not wrong, "\n".join(wrong)


def test_makers_rooms_are_not_imported():
    wrong = [
        f"{relative(path)} imports {name}"
        for path in MODULES
        for name in imported_names(ast.walk(parse(path)))
        if name.split(".")[0] in {"tools", "tests", "benchmarks"}
    ]
    assert not wrong, "\n".join(wrong)


def test_slow_packages_are_imported_late():
    wrong = [
        f"{relative(path)} imports {name}"
        for path in MODULES
        for name in imported_names(parse(path).body)
        if name.split(".")[0] in LATE
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_stay_short():
    assert not [
        relative(path) for path in MODULES if len(path.read_text().splitlines()) > MOST_LINES
    ]


def test_text_files_say_their_encoding():
    folders = (PACKAGE, ROOT / "benchmarks", ROOT / "tools", ROOT / "docs")
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    wrong = [line for path in paths for line in text_files_without_encoding(path)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("path.read_text()", 1),
        ("path.write_text(text)", 1),
        ("open(name)", 1),
        ("path.open('w')", 1),
        ("path.open()", 1),
        ("path.open(mode='a')", 1),
        ("path.read_text(encoding='utf-8')", 0),
        ("path.open('rb')", 0),
        ("open(name, 'wb')", 0),
        ("Image.open(name)", 0),
        ("archive.open(f'{name}.npy', 'w')", 0),
        ("path.read_bytes()", 0),
    ],
)
def test_how_a_text_file_without_encoding_is_found(tmp_path, monkeypatch, code, count):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "code.py").write_text(code, encoding="utf-8")
    assert len(list(text_files_without_encoding(tmp_path / "code.py"))) == count


def test_every_module_has_a_test_file():
    untested = [
        relative(path)
        for path in MODULES
        if path.name not in ("__init__.py", "__main__.py") and not mirror(path).is_file()
    ]
    assert not untested, "\n".join(untested)


def test_no_test_hides_in_a_file_that_is_not_collected():
    hidden = [
        f"{relative(path)}: {node.name}"
        for path in (ROOT / "tests").rglob("*.py")
        if not path.name.startswith("test_")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
    ]
    assert not hidden


def test_nobody_asks_whether_something_adapts():
    """`HashingModel.adapts` says it, of a class or a model."""
    asked = [
        relative(path)
        for path in MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("hasattr", "getattr")
        and len(node.args) > 1
        and ast.unparse(node.args[1]) in ("'adapt'", '"adapt"')
    ]
    assert not asked


def test_package_list_is_complete():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    listed = settings["options"]["packages"].split()
    real = {".".join(path.parent.relative_to(ROOT).parts) for path in MODULES}
    assert sorted(listed) == sorted({*real, "keras_hashing._zoo"})
    for name in real:
        assert (ROOT / name.replace(".", "/") / "__init__.py").is_file()


def test_registered_names_are_unique():
    names = [name for path in MODULES for name in registered_names(path)]
    assert len(names) > 5
    assert not {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize(
    "code",
    [
        "import keras_hashing",
        "import keras_hashing; dir(keras_hashing)",
        "import keras_hashing; keras_hashing.codes, keras_hashing.relevance",
        "import keras_hashing; keras_hashing.Index",
        "import keras_hashing; keras_hashing.evaluation, keras_hashing.index",
        "import keras_hashing\ntry: keras_hashing.encod\nexcept AttributeError: pass",
        "from keras_hashing.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_light_names_do_not_load_tensorflow(code):
    script = f"{code}\nimport sys\nprint(sorted({{'keras', 'tensorflow'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_unknown_attribute_is_an_attribute_error():
    import keras_hashing

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        keras_hashing.nothing  # noqa: B018


def names_for_type_checkers():
    """What the block `if TYPE_CHECKING:` of the package imports, name -> where from."""
    (block,) = (
        node
        for node in parse(PACKAGE / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_type_checkers_see_what_is_there():
    import keras_hashing

    found = names_for_type_checkers()
    assert sorted(found) == keras_hashing.__all__ == sorted(keras_hashing.__all__)
    assert {name for name, home in found.items() if home == "keras_hashing"} == set(
        keras_hashing._MODULES
    )
    for name, part in keras_hashing._NAMES.items():
        assert found[name].split(".")[1] == part


def test_public_names_are_listed():
    import keras_hashing

    assert set(keras_hashing.__all__) <= set(dir(keras_hashing))
    assert {"Evaluator", "Index", "codes", "evaluate", "methods", "zoo"} <= set(
        keras_hashing.__all__
    )
