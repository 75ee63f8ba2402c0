"""The programs of `docs/several_devices.md`: each runs; two workers make what one process does."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import numpy as np
import pytest

import keras_hashing as kh

PAGE = pathlib.Path(__file__).parents[2] / "docs/several_devices.md"


@pytest.fixture(scope="module")
def programs():
    found = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert len(found) == 3
    return dict(zip(("mirrored", "jax", "workers"), found, strict=True))


def start(program, folder, repository, **variables):
    environment = {**os.environ, "PYTHONPATH": str(repository), **variables}
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process):
    out, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors[-3000:]
    return out


def free_ports(count):
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in bound]
    for server in bound:
        server.close()
    return ports


def losses(text):
    return [float(value) for value in re.findall(r"loss:? (\d+\.\d+)", text)]


def test_devices_of_one_machine(programs, repository, tmp_path):
    output(start(programs["mirrored"], tmp_path, repository))
    model = kh.load(tmp_path / "hashnet.keras")
    assert int(model.head.get_layer("scaled_tanh").step) == 8  # 2 epochs of 4 batches
    assert kh.encode(model, kh.data.sample().images[:3]).shape == (3, 2)


@pytest.mark.engines  # TensorFlow's workers listen on every interface, whatever their address
def test_two_workers_make_the_model_of_one_process(programs, repository, tmp_path):
    ports = free_ports(2)
    workers = [f"127.0.0.1:{port}" for port in ports]
    running = [start(programs["workers"], tmp_path / "alone", repository)]
    for index in range(2):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        folder = tmp_path / f"worker_{index}"
        running.append(start(programs["workers"], folder, repository, TF_CONFIG=config))
    alone, *texts = [losses(output(process)) for process in running]
    assert alone[-1] < alone[0]
    assert texts == [pytest.approx(alone, abs=2e-4)] * 2
    assert not (tmp_path / "worker_1/dhn.keras").exists()
    expected = kh.load(tmp_path / "alone/dhn.keras").get_weights()
    found = kh.load(tmp_path / "worker_0/dhn.keras").get_weights()
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)


@pytest.mark.engines
def test_jax(programs, repository, tmp_path):
    pytest.importorskip("jax", reason="the extra `jax` is not installed")
    output(start(programs["jax"], tmp_path, repository))
    model = kh.load(tmp_path / "dhn.keras")
    images = kh.data.sample().images[:3]
    assert kh.encode(model, images).shape == (3, 2)
    kh.export(model, tmp_path / "served")
