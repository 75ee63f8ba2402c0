import asyncio
import concurrent.futures
import threading

import numpy as np
import pytest

from keras_hashing.serving.batching import Batcher
from keras_hashing.serving.errors import ApiError


class Model:
    """Doubles its input; notes the rows of each run; fails on a negative number."""

    def __init__(self):
        self.runs = []
        self.entered, self.go = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, arrays):
        self.entered.set()
        self.go.wait(10)
        self.runs.append(len(arrays["x"]))
        if (arrays["x"] < 0).any():
            raise ApiError(400, "negative")
        return {"y": arrays["x"] * 2, "rows": np.arange(len(arrays["x"]))}


def answers(model, inputs, **options):
    """What each of the requests sent at once gets: an answer or an exception."""

    async def ask():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            batcher = Batcher(model, executor, **options)
            tasks = [batcher.submit({"x": np.asarray(x)}) for x in inputs]
            return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(ask())


def test_requests_at_once_are_one_run_and_get_their_own_rows():
    model = Model()
    inputs = [[1], [2, 3], [4, 5, 6]]
    got = answers(model, inputs)
    assert model.runs == [6]
    assert [answer["y"].tolist() for answer in got] == [[2], [4, 6], [8, 10, 12]]


def test_a_batch_has_at_most_max_rows_and_order_is_kept():
    model = Model()
    got = answers(model, [[1, 1], [2, 2], [3, 3], [4]], max_rows=4)
    assert model.runs == [4, 3]
    assert [int(answer["y"][0]) for answer in got] == [2, 4, 6, 8]


def test_a_request_larger_than_a_batch_runs_alone():
    model = Model()
    answers(model, [[1] * 9, [2]], max_rows=4)
    assert model.runs == [9, 1]


def test_only_equal_forms_are_joined():
    model = Model()
    got = answers(model, [[[1, 2]], [[1, 2, 3]], [[5, 6]]])
    assert sorted(model.runs) == [1, 2]
    assert [answer["y"].shape for answer in got] == [(1, 2), (1, 3), (1, 2)]


def test_a_bad_request_fails_alone():
    got = answers(Model(), [[1], [-1], [3]])
    assert got[0]["y"].tolist() == [2]
    assert isinstance(got[1], ApiError)
    assert got[2]["y"].tolist() == [6]


def test_requests_that_cannot_be_joined_run_one_by_one(monkeypatch):
    def no_memory(arrays):
        raise MemoryError

    monkeypatch.setattr(np, "concatenate", no_memory)
    model = Model()
    got = answers(model, [[1], [3]])
    assert [answer["y"].tolist() for answer in got] == [[2], [6]]
    assert model.runs == [1, 1]


def test_outputs_without_rows_are_not_split():
    runs = []

    def model(arrays):
        runs.append(len(arrays["x"]))
        return {"sum": arrays["x"].sum()}

    got = answers(model, [[1, 2], [3]])
    assert [int(answer["sum"]) for answer in got] == [3, 3]
    assert runs == [3, 2, 1]


def test_inputs_without_rows_run_alone():
    got = answers(lambda arrays: {"y": arrays["x"] + 1}, [np.float32(1), np.float32(2)])
    assert [float(answer["y"]) for answer in got] == [2, 3]


def test_a_full_queue_is_503_and_recovers():
    model = Model()
    model.go.clear()

    async def ask():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            batcher = Batcher(model, executor, max_waiting=2, wait=0.0)
            running = asyncio.create_task(batcher.submit({"x": np.array([1])}))
            while not model.entered.is_set():
                await asyncio.sleep(0.01)  # until it runs, and no longer waits
            waiting = [asyncio.create_task(batcher.submit({"x": np.array([2])})) for _ in "ab"]
            await asyncio.sleep(0)
            with pytest.raises(ApiError, match="too many requests") as refused:
                await batcher.submit({"x": np.array([3])})
            assert refused.value.status == 503
            model.go.set()
            await asyncio.gather(running, *waiting)
            return await batcher.submit({"x": np.array([4])})

    assert asyncio.run(ask())["y"].tolist() == [8]


def test_requests_given_up_are_not_run():
    model = Model()

    async def ask():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            batcher = Batcher(model, executor, wait=0.05)
            given_up = asyncio.create_task(batcher.submit({"x": np.array([1])}))
            await asyncio.sleep(0)
            given_up.cancel()
            return await batcher.submit({"x": np.array([2, 3])})

    assert asyncio.run(ask())["y"].tolist() == [4, 6]
    assert model.runs == [2]


def test_a_full_batch_waits_no_longer():
    model = Model()
    got = answers(model, [[1], [2]], max_rows=2, wait=3600.0)  # would never end
    assert [answer["y"].tolist() for answer in got] == [[2], [4]]
    assert model.runs == [2]


def test_a_batch_that_is_not_full_waits_for_more():
    model = Model()

    async def ask():
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            batcher = Batcher(model, executor, max_rows=2, wait=3600.0)
            first = asyncio.create_task(batcher.submit({"x": np.array([1])}))
            await asyncio.sleep(0.05)
            assert not model.entered.is_set()
            return await asyncio.gather(first, batcher.submit({"x": np.array([2])}))

    assert [answer["y"].tolist() for answer in asyncio.run(ask())] == [[2], [4]]
    assert model.runs == [2]
