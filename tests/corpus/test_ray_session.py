import os
import pathlib
import subprocess
import sys
import types

import pytest

from keras_hashing.corpus import ray_session
from tests.corpus.conftest import skip_without_ray


class Cluster:
    """Stands in for Ray where only its nodes matter."""

    def __init__(self, *nodes):
        self._nodes = [{"Alive": True, "Resources": node} for node in nodes]
        self._nodes.append({"Alive": False, "Resources": {"CPU": 1000.0}})

    def nodes(self):
        return self._nodes


def plan(*nodes, workers=None, gpus=True):
    session = ray_session._plan(Cluster(*nodes), workers, gpus, local=False)
    return session.workers, session.options["num_cpus"], session.options["num_gpus"]


@pytest.mark.parametrize(
    ("nodes", "workers", "expected"),
    [
        ([{"CPU": 3.0}], 2, (2, 1, 0)),
        ([{"CPU": 9.0}], 2, (2, 4, 0)),
        ([{"CPU": 9.0}], None, (8, 1, 0)),
        # 2 on each of four nodes with 4 CPUs: 1 CPU each, as one is for reading.
        ([{"CPU": 4.0}] * 4, 5, (5, 1, 0)),
        ([{"CPU": 4.0}] * 4, 4, (4, 3, 0)),
        ([{"CPU": 4.0}] * 4, None, (12, 1, 0)),
        ([{"CPU": 2.0}] * 2, 3, (3, 0.5, 0)),
        # GPUs: only nodes with some, a worker for each.
        ([{"CPU": 64.0}, {"CPU": 17.0, "GPU": 4.0}], None, (4, 4, 1)),
    ],
)
def test_every_worker_finds_room(nodes, workers, expected):
    count, cpus, gpus = plan(*nodes, workers=workers)
    assert (count, cpus, gpus) == expected
    on_one = -(-count // len([node for node in nodes if not gpus or "GPU" in node]))
    assert all(on_one * cpus < node["CPU"] for node in nodes)


def test_without_gpus():
    assert plan({"CPU": 9.0, "GPU": 4.0}, workers=2, gpus=False) == (2, 4, 0)


def test_too_many_workers():
    with pytest.raises(ValueError, match="at most 1: Ray has 2 CPUs and needs one for reading; go"):
        plan({"CPU": 2.0}, workers=2)
    with pytest.raises(ValueError, match="at most 1, the GPUs of the cluster; got 2. Lower it"):
        plan({"CPU": 8.0, "GPU": 1.0}, workers=2)


def test_what_a_worker_finds_in_its_environment(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "mine")
    options = ray_session._options(3, gpu=False, local=True)
    variables = options["runtime_env"]["env_vars"]
    assert variables["CUDA_VISIBLE_DEVICES"] == "-1"
    assert variables["TF_NUM_INTRAOP_THREADS"] == "3"
    first, second = variables["PYTHONPATH"].split(os.pathsep)
    assert (pathlib.Path(first) / "keras_hashing").is_dir()
    assert second == "mine"
    options = ray_session._options(0.5, gpu=True, local=False)
    variables = options["runtime_env"]["env_vars"]
    assert variables["TF_NUM_INTRAOP_THREADS"] == "1"
    assert variables["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert not {"PYTHONPATH", "CUDA_VISIBLE_DEVICES"} & variables.keys()


def test_a_long_temporary_folder_is_not_used(monkeypatch):
    monkeypatch.setattr(ray_session.tempfile, "gettempdir", lambda: "/" + "x" * 60)
    assert ray_session._short_folder() == "/tmp"
    monkeypatch.setattr(ray_session.tempfile, "gettempdir", lambda: "/scratch")
    assert ray_session._short_folder() == "/scratch"


def test_ray_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(ImportError, match=r"pip install 'keras_hashing\[ray\]'`, or use `engine="),
        ray_session.session(2),
    ):
        pass


def test_workers_are_checked_first():
    with (
        pytest.raises(ValueError, match="`workers` must be at least 1; got 0"),
        ray_session.session(0),
    ):
        pass


def test_a_ray_that_listens_everywhere_is_ended(monkeypatch, tmp_path):
    """As when the caller imported Ray first, with its own default."""
    ended = []
    ray = types.SimpleNamespace(
        init=lambda **settings: None,
        nodes=lambda: [{"NodeManagerAddress": "192.0.2.7"}],
        shutdown=lambda: ended.append(True),
    )
    with pytest.raises(
        ValueError, match=r"would listen on 192.0.2.7. Import it later, set RAY_ENA"
    ):
        ray_session._start(ray, 2, str(tmp_path))
    assert ended


LISTENING = """
import sys
from keras_hashing.corpus import ray_session
from tests.corpus.conftest import skip_without_ray
with ray_session.session(workers=1) as session:
    address = session.ray.nodes()[0]["NodeManagerAddress"]
    print(address, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.engines
def test_nothing_listens_beyond_loopback(repository):
    skip_without_ray()
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    environment.pop("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", None)
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().strip() == "127.0.0.1"
    addresses = {address for pid in family(process.pid) for address in listening(pid)}
    process.communicate("\n", timeout=120)
    assert process.returncode == 0
    assert addresses  # or the test looks at the wrong place
    assert {host for host in addresses if not loopback(host)} == set()


def family(pid):
    """A process and all below it."""
    parents = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def listening(pid):
    """Addresses, in the kernel's hexadecimal form, on which a process listens for TCP."""
    root = pathlib.Path("/proc") / str(pid)
    sockets = set()
    for number in root.glob("fd/*"):
        try:
            sockets.add(str(number.readlink()))
        except OSError:
            continue
    for table in ("tcp", "tcp6"):
        for line in (root / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                yield fields[1].split(":")[0]


def loopback(host):
    """127.0.0.1, or that or ::1 as IPv6; each word has its lowest byte first."""
    return host in ("0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000")
