"""The Ray engine: a row of Ray Data is a shard, an actor holds the model and writes shards."""

import contextlib
import pathlib
import pickle
import time
import uuid
import warnings
from typing import Any

from keras_hashing import files, weights
from keras_hashing.corpus import manifest as manifests
from keras_hashing.corpus import ray_session, shards
from keras_hashing.corpus.encoder import Encoder


def encode(encoder, target, manifest, todo, workers, address):
    """Encode shards on Ray.

    Args:
        encoder: `Encoder` with the model that the workers get, by a file in `target`.
        target: `pathlib.Path`, absolute, which every worker must see.
        manifest: dict.
        todo: list of (number, source), not empty.
        workers, address: as of `ray_session.session`.

    Yields:
        How many seconds ago the first worker began, then the images of each finished shard.

    Raises:
        OSError, ValueError: what a worker raised; OSError too if workers die again and again.
        ImportError, ConnectionError: as of `ray_session.session`.
    """
    with ray_session.session(workers, address) as session, _stored(encoder.model, target) as stored:
        settings = {
            "model_path": str(stored),
            "target": str(target),
            "manifest": manifest,
            "batch_size": encoder.batch_size,
        }
        waiting = True
        for row in _rows(session, settings, todo):
            if row["error"]:
                raise pickle.loads(row["error"])
            if waiting:
                yield max(0.0, time.time() - row["began"])
                waiting = False
            yield row["images"]


class ShardWriter:
    """What runs in an actor: loads the model once, and then writes a shard for each row.

    Args:
        model_path: str, a `.keras` file.
        target: str, the corpus.
        manifest: dict.
        batch_size: int.
    """

    def __init__(self, model_path, target, manifest, batch_size):
        self.target = pathlib.Path(target)
        self.manifest = manifest
        self.encoder: Any = None
        self._settings = model_path, batch_size

    def __call__(self, table):
        """Encode the shard of a one-row pyarrow table; errors travel back as a value."""
        import pyarrow

        number = table.column("number")[0].as_py()
        began, images, error = time.time(), 0, b""
        try:
            if self.encoder is None:
                self.encoder = self._load()
                began = time.time()
            images = self._write(number, pickle.loads(table.column("source")[0].as_py()))
        except Exception as problem:
            error = _pickled(problem)
        return pyarrow.table({"began": [began], "images": [images], "error": [error]})

    def _write(self, number, source):
        first, _ = manifests.ranges(self.manifest)[number]
        for _, rows in self.encoder.encode([(first, source)]):
            if rows is not None:
                shards.write(self.target, self.manifest, number, rows)
        return len(source)

    def _load(self):
        """The model, seen to be the one of the manifest; here, so that its errors travel too."""
        from keras_hashing import methods

        path, batch_size = self._settings
        if not (self.target / manifests.NAME).is_file():
            raise FileNotFoundError(
                f"a worker does not see {self.target}. With Ray on several machines, the shards "
                "must go to a folder that all of them share under one path."
            )
        model = methods.load(path)
        if weights.fingerprint(model) != self.manifest["weights_sha256"]:
            raise ValueError("the model has other weights after saving and loading it again.")
        encoder = Encoder(model, batch_size, self.manifest["features"])
        encoder.trace()
        return encoder


def _rows(session, settings, todo):
    """Iterator of dicts, one a finished or failed shard, in the order in which they come."""
    import ray.data
    import ray.exceptions

    context = ray.data.DataContext.get_current()
    before, context.enable_progress_bars = context.enable_progress_bars, False
    items = [{"number": number, "source": pickle.dumps(source)} for number, source in todo]
    # A block of its own for each, or several shards would be retried together.
    blocks = ray.data.from_items(items, override_num_blocks=len(items))
    with warnings.catch_warnings():
        # Ray has no other way yet to say how often to try again.
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        data = blocks.map_batches(
            ShardWriter,
            fn_constructor_kwargs=settings,
            compute=ray.data.ActorPoolStrategy(size=min(session.workers, len(items))),
            batch_size=1,
            batch_format="pyarrow",
            max_task_retries=ray_session.RETRIES,
            **session.options,
        )
    try:
        yield from data.iter_rows()
    except ray.exceptions.RayError as error:
        raise OSError(
            f"Ray gave up: a worker died {ray_session.RETRIES + 1} times at one shard, or the "
            f"cluster went away ({type(error).__name__}). Finished shards are kept; give the "
            "workers more memory or lower `workers`, and run the same command again."
        ) from error
    finally:
        context.enable_progress_bars = before


@contextlib.contextmanager
def _stored(model, target):
    """The model as a file that the workers load, removed in the end."""
    path = target / f".model-{uuid.uuid4().hex[:8]}.keras"
    try:
        with files.atomic_path(path) as temporary:
            # Keras wants the ending; the temporary name has another.
            whole = temporary.with_suffix(".keras")
            model.save(whole)
            whole.rename(temporary)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _pickled(error):
    try:
        return pickle.dumps(pickle.loads(pickle.dumps(error)))
    except Exception:  # an error of a library that cannot be sent
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
