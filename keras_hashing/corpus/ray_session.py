"""A Ray cluster to work on: one that runs, or one of this machine's own, on loopback only."""

import contextlib
import dataclasses
import logging
import os
import pathlib
import shutil
import sys
import tempfile
from typing import Any

import keras_hashing
from keras_hashing import checks

ENGINES = ("local", "ray")
RETRIES = 2  # of a piece of work whose worker died; without a limit Ray tries for ever
_OBJECT_STORE = 256 * 2**20  # bytes of shared memory; what is sent about are names and numbers
_LONGEST = 40  # characters of a temporary folder; the paths of sockets in it have a limit of 107


@dataclasses.dataclass(frozen=True)
class Session:
    """Where the work goes.

    Args:
        ray: the module.
        workers: int, how many processes work.
        options: dict, what Ray is asked for each of them: CPUs, GPUs, environment.
        gpu: bool, whether each has a GPU.
    """

    ray: Any
    workers: int
    options: dict
    gpu: bool


def check_engine(engine, workers, address):
    """Raise ValueError for an unknown engine, or for Ray's arguments without Ray."""
    checks.one_of("engine", engine, ENGINES)
    if engine == "local" and (workers is not None or address is not None):
        raise ValueError('`workers` and `address` are Ray\'s: pass `engine="ray"` too.')


@contextlib.contextmanager
def session(workers=None, address=None, gpus=True):
    """Connect to Ray, or start it; what was started is ended after the block.

    A cluster that the caller has connected to with `ray.init` is used as it is.

    Args:
        workers: int; default: the cores here, or on a cluster its GPUs or its CPUs less one.
        address: str, of a running cluster; None for this machine alone.
        gpus: bool, whether each worker gets a GPU where there are any.

    Yields:
        `Session`.

    Raises:
        ConnectionError: no cluster at `address`.
        ImportError: Ray is not installed.
        ValueError: too many workers for the cluster, or Ray would listen beyond loopback.
    """
    if workers is not None:
        workers = checks.whole("workers", workers, 1, None, "Pass the number of processes.")
    ray = _import_ray(address)
    if ray.is_initialized():
        yield _plan(ray, workers, gpus, local=False)
        return
    folder = None
    try:
        if address is not None:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        else:
            folder = tempfile.mkdtemp(prefix="kh-ray-", dir=_short_folder())
            workers = workers or _cores()
            _start(ray, workers, folder)
        yield _plan(ray, workers, gpus, local=address is None)
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _import_ray(address):
    # On its own, Ray listens on all of a machine's addresses; it reads this once, at import.
    # A cluster of several machines needs their addresses, so nothing is set for one.
    if "ray" not in sys.modules and address is None:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ImportError(
            "Ray is not installed. Get it with `pip install 'keras_hashing[ray]'`, or use "
            '`engine="local"`.'
        ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


def _start(ray, workers, folder):
    """Start Ray here, with a CPU more than workers: without it none would be left to read."""
    ray.init(
        num_cpus=max(_cores(), workers) + 1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=_OBJECT_STORE,
        _temp_dir=folder,
    )
    listening = {node["NodeManagerAddress"] for node in ray.nodes()}
    if listening != {"127.0.0.1"}:
        ray.shutdown()
        raise ValueError(
            f"Ray was imported before and would listen on {', '.join(sorted(listening))}. Import "
            "it later, set RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 before, or call `ray.init` "
            "yourself to allow it."
        )


def _plan(ray, workers, gpus, local):
    """Share a cluster's CPUs and GPUs among the workers, so that all of them can start."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpu = gpus and any(node.get("GPU", 0) >= 1 for node in nodes)
    if gpu:
        nodes = [node for node in nodes if node.get("GPU", 0) >= 1]
    cpus = int(sum(node.get("CPU", 0) for node in nodes))
    most = int(sum(node.get("GPU", 0) for node in nodes))
    workers = workers or (most if gpu else max(1, cpus - len(nodes)))
    if gpu and workers > most:
        raise ValueError(
            f"`workers` must be at most {most}, the GPUs of the cluster; got {workers}. Lower it."
        )
    if workers > cpus - 1:
        raise ValueError(
            f"`workers` must be at most {cpus - 1}: Ray has {cpus} CPUs and needs one for reading; "
            f"got {workers}. Lower it, or add CPUs."
        )
    each = -(-workers // len(nodes))  # on one node
    share = min((node.get("CPU", 0) - 1) / each for node in nodes)
    share = int(share) if share >= 1 else 0.5
    return Session(ray, workers, _options(share, gpu, local), gpu)


def _options(cpus, gpu, local):
    """What Ray is asked for a worker with `cpus`, a share of them the threads of TensorFlow."""
    variables = {
        "TF_NUM_INTRAOP_THREADS": str(max(1, int(cpus))),
        "TF_NUM_INTEROP_THREADS": str(max(2, int(cpus))),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    if gpu:
        variables["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    else:
        variables["CUDA_VISIBLE_DEVICES"] = "-1"  # or TensorFlow would fill a GPU it was not given
    if local:  # a checkout that is not installed; on a cluster the package is
        root = str(pathlib.Path(keras_hashing.__file__).parents[1])
        before = os.environ.get("PYTHONPATH")
        variables["PYTHONPATH"] = os.pathsep.join([root, before] if before else [root])
    return {
        "num_cpus": cpus,
        "num_gpus": 1 if gpu else 0,
        "runtime_env": {"env_vars": variables},
    }


def _cores():
    return len(os.sched_getaffinity(0))


def _short_folder():
    usual = tempfile.gettempdir()
    return usual if len(usual) <= _LONGEST else "/tmp"
