"""`keras-hashing serve PATH`: answer TensorFlow Serving's REST calls on this machine."""

import pathlib
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    path: Annotated[
        pathlib.Path | None,
        typer.Argument(help="A model's folder of numeric versions, as `export` writes it."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the model at PATH. [default: model]")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="NAME=PATH of a model; give it once for each. In place of PATH."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to bind; there is no authentication.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8501,
):
    """Answer TensorFlow Serving's REST calls, until SIGTERM or Ctrl-C."""
    folders = _folders(path, name, model or [])
    from keras_hashing.serving import server

    server.serve(folders, host, port, announce=typer.echo)


def _folders(path, name, models):
    """Model name -> folder, from either form of the command."""
    if (path is None) == (not models) or (models and name is not None):
        raise typer.BadParameter("give PATH, with --name if wanted, or --model NAME=PATH")
    if path is not None:
        return {name or "model": path}
    folders = {}
    for pair in models:
        key, separator, place = pair.partition("=")
        if not separator or not key or not place:
            raise typer.BadParameter(f"--model takes NAME=PATH; got {pair!r}")
        if key in folders:
            raise typer.BadParameter(f"--model names {key!r} twice")
        folders[key] = pathlib.Path(place)
    return folders
