"""The help of every command, as it is rendered: whole texts, all defaults, an example that runs."""

import importlib
import pathlib
import re
import shlex
import shutil

import numpy as np
import pytest
import typer

from keras_hashing import codes, data, photos, training, zoo
from keras_hashing.cli import main
from tests.photos.conftest import tiny_backbone, write_photo


def commands():
    """(words, command) of the program, of every command and of every command inside one."""
    yield (), typer.main.get_command(main.app)
    for name in main.COMMANDS:
        module = importlib.import_module(f"keras_hashing.cli.{name}")
        found = typer.main.get_command(module.app)
        yield (name,), found
        for inner, command in getattr(found, "commands", {}).items():
            yield (name, inner), command


COMMANDS = dict(commands())


@pytest.fixture
def rendered(call, monkeypatch):
    """Function of a command's words that returns its help from a terminal wide enough."""
    monkeypatch.setenv("COLUMNS", "500")

    def render(words):
        result = call(*words, "--help")
        assert result.exit_code == 0, result.output
        return result.stdout

    return render


def plain(text):
    """Words as a terminal shows them: code without its marks, white space as one space."""
    return " ".join(text.replace("`", "").split())


def parameters(words):
    return [parameter for parameter in COMMANDS[words].params if parameter.name != "help"]


def shown(parameter):
    return parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar


def entries(words, text):
    """Parameter -> what its lines in the rendered help say."""
    found, current = {}, None
    for line in text.splitlines():
        for parameter in parameters(words):
            if re.match(rf"│[ *]+{re.escape(shown(parameter))}\s", line):
                current = found.setdefault(parameter.name, [])
        if current is not None and line.startswith("│"):
            current.append(line.strip("│"))
        else:
            current = None
    return {name: plain(" ".join(lines)) for name, lines in found.items()}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_text_is_shown_whole(rendered, words):
    text = rendered(words)
    assert f"Usage: keras-hashing {' '.join(words)}".rstrip() in text
    assert plain(COMMANDS[words].help) in plain(text)
    lines = entries(words, text)
    for parameter in parameters(words):
        assert parameter.help.endswith("."), "a sentence, with its full stop"
        assert plain(parameter.help) in lines[parameter.name]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_default_is_shown(rendered, words):
    lines = entries(words, rendered(words))
    for parameter in parameters(words):
        line = lines[parameter.name]
        if parameter.required:
            assert "[required]" in line
        elif not getattr(parameter, "is_flag", False):  # a flag is off unless it is given
            stated = isinstance(parameter.show_default, str)
            assert stated or parameter.default is not None, f"{parameter.name}: say `show_default`"
            value = f"({parameter.show_default})" if stated else str(parameter.default)
            assert f"[default: {value}]" in line


def example(text):
    """The words of the example that ends a rendered help."""
    last = text.strip().splitlines()[-1].strip()
    program, *words = shlex.split(last.removeprefix("Example: "))
    assert last.startswith("Example: ") and program == "keras-hashing"
    return words


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_example_is_a_call_of_the_command(rendered, words):
    words_given = example(rendered(words))
    assert tuple(words_given[: len(words)]) == words
    if words not in ((), ("zoo",)):
        command = COMMANDS[words]
        context = command.make_context(words[-1], words_given[len(words) :])
        assert context.args == []


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working folder with what the examples name: photos, an index, codes, entries."""
    monkeypatch.chdir(tmp_path)
    network = tiny_backbone(channels=64)
    monkeypatch.setattr(
        "keras_hashing.cli.models.photo_encoder",
        lambda *a, **k: photos.Encoder("tiny", lambda: network),
    )
    for kind in ("roses", "violets"):
        for number in range(6):
            write_photo(tmp_path / "photos" / kind / f"{number}.jpg", number + 10 * len(kind))
    rng = np.random.default_rng(0)
    np.save("codes.npy", codes.pack(rng.normal(size=(40, 16))))
    np.save("labels.npy", rng.integers(0, 3, 40))
    published = zoo.info("dhn_fashion_16").path
    shutil.copytree(published, tmp_path / "published" / "entries" / published.name)
    return tmp_path


@pytest.fixture
def cheap(monkeypatch, home):
    """What would take minutes or wait for requests is replaced."""

    def stands_in(module, name, answer):
        monkeypatch.setattr(module, name, lambda *values, **named: answer)

    rng = np.random.default_rng(0)
    images = data.ImageSet(
        images=rng.integers(0, 256, (20, 28, 28, 1)).astype("uint8"), labels=np.arange(20) % 3
    )
    found = data.Data("fashion", images, images, images, images, "fashion-s1")
    stands_in(data, "from_source", found)
    stands_in(importlib.import_module("keras_hashing.serving.server"), "serve", None)
    stands_in(training, "reproduce", {0: zoo.info("dhn_fashion_48")})


PHOTO_INDEX = ("index", "photos", "--bits", "8")
RUN = {
    ("index",): ((), "photos.khindex"),
    ("search",): ((PHOTO_INDEX,), "neighbours.html"),
    ("zoo",): ((), None),
    ("zoo", "list"): ((), None),
    ("zoo", "info"): ((), None),
    ("zoo", "verify"): ((), None),
    ("zoo", "reproduce"): ((), None),
    ("zoo", "index"): ((), "published/index.json"),
    ("encode",): ((), "codes"),
    ("evaluate",): ((), None),
    ("audit",): ((), "audit.html"),
    ("export",): ((PHOTO_INDEX,), "served/photos/1/saved_model.pb"),
    ("serve",): ((PHOTO_INDEX, ("export", "photos.khindex", "served/photos")), None),
    (): ((), None),
}


@pytest.mark.parametrize("words", RUN, ids=" ".join)
def test_the_example_runs(call, rendered, cheap, words):
    before, written = RUN[words]
    for line in before:
        assert call(*line).exit_code == 0
    result = call(*example(rendered(words)))
    assert result.exit_code == 0, result.output
    assert written is None or pathlib.Path(written).exists()


def test_only_the_slow_examples_are_not_run():
    # Their own tests call them: `test_demo.py`, `test_train.py` and `test_tune.py`.
    assert set(COMMANDS) - set(RUN) == {("demo",), ("train",), ("tune",)}
