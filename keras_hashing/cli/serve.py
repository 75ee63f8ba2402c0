"""`keras-hashing serve PATH`: answer TensorFlow Serving's REST calls on this machine."""

import pathlib
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command(epilog="Example: keras-hashing serve served/photos --images photos")
def serve(
    path: Annotated[
        pathlib.Path | None,
        typer.Argument(
            metavar="PATH",
            help="A model's folder of numeric versions, as `export` writes it.",
            show_default="see --model and --config",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the model at PATH.", show_default="model")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=PATH of a model, in place of PATH; give it once for each.",
            show_default="none",
        ),
    ] = None,
    config: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="TensorFlow Serving's models.config, in place of PATH: models, versions, labels.",
            show_default="none",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to bind; there is no authentication.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8501,
    max_batch: Annotated[
        int, typer.Option(min=1, help="Rows of requests that are run together.")
    ] = 32,
    max_wait_ms: Annotated[
        float,
        typer.Option(min=0, max=10_000, help="Milliseconds that a batch waits for more rows."),
    ] = 2.0,
    images: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Folder of the indexed images; the page at / then shows them.", show_default="none"
        ),
    ] = None,
):
    """Answer TensorFlow Serving's REST calls, until SIGTERM or Ctrl-C.

    New versions are taken up while it runs. A SavedModel is a program: serve only what you trust.
    """
    served = _served(path, name, model or [], config)
    from keras_hashing.serving import app as application
    from keras_hashing.serving import server

    settings = application.Settings(max_rows=max_batch, wait=max_wait_ms / 1000)
    server.serve(served, host, port, announce=typer.echo, settings=settings, images=images)


def _served(path, name, models, config):
    """The models of whichever form the command has."""
    forms = [path is not None, bool(models), config is not None]
    if sum(forms) != 1 or (name is not None and path is None):
        raise typer.BadParameter(
            "give PATH, with --name if wanted, or --model NAME=PATH, or --config"
        )
    from keras_hashing.serving import model_config
    from keras_hashing.serving.versions import ServedModel

    if config is not None:
        return model_config.read(config)
    if path is not None:
        return [ServedModel(name or "model", path)]
    folders = {}
    for pair in models:
        key, separator, place = pair.partition("=")
        if not separator or not key or not place:
            raise typer.BadParameter(f"--model takes NAME=PATH; got {pair!r}")
        if key in folders:
            raise typer.BadParameter(f"--model names {key!r} twice")
        folders[key] = pathlib.Path(place)
    return [ServedModel(key, folder) for key, folder in folders.items()]
