"""The frame of `keras-hashing`: its list of commands, and what a user's mistake looks like.

Each command is a module of this folder that holds `app`, a `typer.Typer` with one command (or
with several, as `zoo list` and `zoo info`). It is imported when it is called, so that `--help`
is quick; it should import TensorFlow, Keras and the package's heavy parts inside its functions.
"""

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import keras_hashing
from keras_hashing import checks

# Name -> its line in `keras-hashing --help`; the module is keras_hashing.cli.<name>.
COMMANDS = {
    "demo": "See the product on real images: check, search, serve.",
    "index": "Make a folder of photos searchable, with no training.",
    "search": "Find the photos of an index that look most like a photo.",
    "zoo": "List, describe and verify the published models.",
    "train": "Train a hashing model by a recipe or on a folder of photos; publish it as an entry.",
    "tune": "Search for a method's settings on validation images.",
    "encode": "Encode many images to parquet shards, here or on Ray; a rerun goes on.",
    "evaluate": "Measure a model's retrieval on a data set and protocol.",
    "audit": "Look into codes: leaks, idle bits, ties, conventions.",
    "export": "Write a model as a SavedModel for TensorFlow Serving.",
    "serve": "Answer TensorFlow Serving's REST calls on this machine.",
}

# What the library raises, with words for the user; anything else is a fault of ours.
MISTAKES = (ValueError, TypeError, OSError, ImportError)


class CommandList(TyperGroup):
    """The commands of `COMMANDS`; a user's mistake ends in one line on stderr and exit code 2.

    With `KERAS_HASHING_TRACEBACK=1` in the environment the mistake is raised instead.
    """

    def list_commands(self, ctx):
        return list(COMMANDS)

    def get_command(self, ctx, cmd_name):
        """A stand-in that has the help line, for lists of commands."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name])

    def resolve_command(self, ctx, args):
        """The command itself, imported now that it is called."""
        checks.one_of("COMMAND", args[0], COMMANDS)
        name, _, rest = super().resolve_command(ctx, args)
        module = importlib.import_module(f"keras_hashing.cli.{name}")
        return name, typer.main.get_command(module.app), rest

    def main(self, *args: Any, **options: Any) -> Any:
        options["standalone_mode"] = False
        try:
            status = super().main(*args, **options)
        except Exception as error:
            # Usage errors are known by their method: typer ships a click of its own since 0.2x.
            usage = hasattr(error, "format_message")
            wanted = os.environ.get("KERAS_HASHING_TRACEBACK") == "1"
            if wanted or not (usage or isinstance(error, MISTAKES)):
                raise
            typer.echo(_words(error, usage), err=True)
            status = 2
        sys.exit(status or 0)


def _words(error, usage):
    """The line for a mistake; the help text where a command was called with nothing at all."""
    text = error.format_message() if usage else str(error)
    if usage and "\n" in text:
        return text
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.strerror}: {error.filename}"
    text = " ".join(text.split()).encode("utf-8", "replace").decode()  # odd bytes of file names
    return f"keras-hashing: {text or type(error).__name__}"


app = typer.Typer(name="keras-hashing", cls=CommandList, add_completion=False)


def _show_version(wanted: bool):
    if wanted:
        typer.echo(f"keras-hashing {keras_hashing.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _frame(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
):
    """Image retrieval by short binary codes. `keras-hashing COMMAND --help` tells more."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes are of no use here
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(arguments=None):
    """Run the command line; the entry point of `keras-hashing`.

    Args:
        arguments: list of str; default: those the program was called with.
    """
    typer.main.get_command(app)(arguments, prog_name="keras-hashing")


if __name__ == "__main__":
    main()
