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

# What the library raises when it is asked for something wrong, with words that say so.
MISTAKES = (ValueError, TypeError, ImportError)


class CommandList(TyperGroup):
    """The commands of `COMMANDS`; an error ends in one line on stderr.

    The exit code is 2 where the user can mend it, and 1 for any other error, such as one of Keras
    or TensorFlow; the line then says how to see where it comes from. With
    `KERAS_HASHING_TRACEBACK=1` in the environment every error is raised instead.
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
            if os.environ.get("KERAS_HASHING_TRACEBACK") == "1":
                raise
            status = 2 if usage or _is_a_mistake(error) else 1
            typer.echo(_words(error, usage) if status == 2 else _unexpected(error), err=True)
        sys.exit(status or 0)


def _is_a_mistake(error):
    """Whether the user can mend it: said so by this package, or a matter of files and network."""
    ours = isinstance(error, MISTAKES) and _source(error) == "keras_hashing"
    return ours or isinstance(error, OSError)


def _source(error):
    """Name of the package whose code raised the error, such as `keras`."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__", "").partition(".")[0]


def _words(error, usage):
    """The line for a mistake; the help text where a command was called with nothing at all."""
    text = error.format_message() if usage else str(error)
    if usage and "\n" in text:
        return text
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.strerror}: {error.filename}"
    return f"keras-hashing: {_one_line(text) or type(error).__name__}"


def _unexpected(error):
    """The line for an error that no check of ours foresaw."""
    said = f"{type(error).__name__} in {_source(error)}: {_one_line(str(error))}".rstrip(".: ")
    return f"keras-hashing: {said}. Set KERAS_HASHING_TRACEBACK=1 to see where it comes from."


def _one_line(text):
    return " ".join(text.split()).encode("utf-8", "replace").decode()  # odd bytes of file names


app = typer.Typer(
    name="keras-hashing", cls=CommandList, add_completion=False, rich_markup_mode="markdown"
)


def _show_version(wanted: bool):
    if wanted:
        typer.echo(f"keras-hashing {keras_hashing.__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog="Exit codes: 0, done; 1, it failed or found damage; 2, the call or its files are at "
    "fault. With KERAS_HASHING_TRACEBACK=1 in the environment an error shows where it comes from."
    "\n\nExample: keras-hashing index --help",
)
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
