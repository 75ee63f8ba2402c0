"""Joining requests that arrive together into one run of the model."""

import asyncio
import collections
import contextlib
import dataclasses

import numpy as np

from keras_hashing.serving.errors import ApiError

MAX_ROWS = 32  # of a joined batch; one larger request runs alone
MAX_WAITING = 256  # requests; beyond it the answer is 503
WAIT_SECONDS = 0.002


@dataclasses.dataclass
class _Job:
    arrays: dict
    answer: asyncio.Future

    def __post_init__(self):
        sizes = {array.shape[0] if array.ndim else None for array in self.arrays.values()}
        self.rows = sizes.pop() if len(sizes) == 1 else None  # None: it runs alone
        self.form = {name: array.shape[1:] for name, array in self.arrays.items()}


class Batcher:
    """Queue of one signature: gathers requests for a moment, runs them as one, splits the answer.

    If a joined run fails, its requests run again one by one, so that a bad one fails alone.
    Requests whose inputs have no common first dimension run alone. Use it from one event loop.

    Args:
        run: function from arrays by input name to arrays by output name; blocks, so it is called
            in `executor`.
        executor: `concurrent.futures.Executor`.
        max_rows: int, rows of a joined batch.
        max_waiting: int, requests in the queue.
        wait: float, seconds that a batch waits for more rows, unless it is full before.
    """

    def __init__(
        self, run, executor, max_rows=MAX_ROWS, max_waiting=MAX_WAITING, wait=WAIT_SECONDS
    ):
        self._run, self._executor = run, executor
        self._max_rows, self._max_waiting, self._wait = max_rows, max_waiting, wait
        self._waiting = collections.deque()
        self._worker = None
        self._full = asyncio.Event()

    async def submit(self, arrays):
        """The answer to one request.

        Args:
            arrays: dict, input name -> array, as a rule `(rows, ...)`.

        Returns:
            dict, output name -> array, as `run` gives them for these inputs alone.

        Raises:
            ApiError: 503 if the queue is full, or what `run` raised.
        """
        if len(self._waiting) >= self._max_waiting:
            raise ApiError(503, "too many requests are waiting; try again in a moment")
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(arrays, answer))
        self._note_rows()
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _work(self):
        """Runs until the queue is empty."""
        try:
            while self._waiting:
                await self._gather()
                jobs = self._take()
                if jobs:
                    await self._finish(jobs)
        finally:
            self._worker = None

    async def _gather(self):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                await self._full.wait()

    def _note_rows(self):
        """Say whether the rows that wait, of whatever form, would fill a batch."""
        if sum(job.rows or self._max_rows for job in self._waiting) >= self._max_rows:
            self._full.set()
        else:
            self._full.clear()

    def _take(self):
        """Remove the first jobs of one form, as many as fit, in order; drop those given up."""
        taken, left, rows = [], collections.deque(), 0
        for job in self._waiting:
            if job.answer.done():
                continue
            if not taken or self._joins(job, taken[0], rows):
                taken.append(job)
                rows += job.rows or self._max_rows
            else:
                left.append(job)
        self._waiting = left
        self._note_rows()
        return taken

    def _joins(self, job, first, rows):
        fits = job.rows is not None and rows + job.rows <= self._max_rows
        return fits and job.form == first.form

    async def _finish(self, jobs):
        if len(jobs) > 1 and await self._run_joined(jobs):
            return
        for job in jobs:
            try:
                outputs = await self._run_in_thread(job.arrays)
            except Exception as error:  # it belongs to the request, not to the queue
                if not job.answer.done():
                    job.answer.set_exception(error)
            else:
                if not job.answer.done():
                    job.answer.set_result(outputs)

    async def _run_joined(self, jobs):
        """Whether one run answered all jobs; if not, none is answered."""
        ends = np.cumsum([job.rows for job in jobs])
        try:
            arrays = {
                name: np.concatenate([job.arrays[name] for job in jobs]) for name in jobs[0].arrays
            }
            outputs = await self._run_in_thread(arrays)
        except Exception:  # which request is to blame shows when each runs alone
            return False
        if any(array.shape[:1] != (ends[-1],) for array in outputs.values()):
            return False
        for job, end in zip(jobs, ends, strict=True):
            if not job.answer.done():
                rows = slice(end - job.rows, end)
                job.answer.set_result({name: array[rows] for name, array in outputs.items()})
        return True

    async def _run_in_thread(self, arrays):
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._run, arrays)
