"""Every command line that the documentation shows has commands and options that there are."""

import importlib
import pathlib
import re
import shlex

import pytest
import typer

from keras_hashing.cli.main import COMMANDS

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "serving" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]


def shown():
    """(page, line) of the commands in fenced blocks and inside the text."""
    fence = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = "\n".join(fence.findall(text)).splitlines()
        lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", fence.sub("", text))]
        for line in lines:
            if line.startswith("keras-hashing "):
                yield page.relative_to(ROOT).as_posix(), line


def check(line):
    """Raise AssertionError unless the command and its options exist."""
    words = shlex.split(line, comments=True)[1:]
    assert words[0] in COMMANDS, line
    app = importlib.import_module(f"keras_hashing.cli.{words[0]}").app
    command = typer.main.get_command(app)
    if hasattr(command, "commands"):
        assert words[1] in command.commands, line
        command = command.commands[words[1]]
    known = {option for parameter in command.params for option in parameter.opts}
    given = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known | {"--help"}, f"{line}: {sorted(given - known)}"


@pytest.mark.parametrize(("page", "line"), sorted(set(shown())))
def test_command_lines_exist(page, line):
    check(line)


@pytest.mark.parametrize(
    "line",
    ["keras-hashing nothing", "keras-hashing zoo forget x", "keras-hashing index p --modle m"],
)
def test_others_are_found_out(line):
    with pytest.raises(AssertionError, match=re.escape(line)):
        check(line)


def test_there_are_some():
    assert len(set(shown())) > 15
