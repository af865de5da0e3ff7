"""A thread of its own for a store that blocks, shared by all who wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import anyio
import anyio.from_thread
from anyio.lowlevel import current_token

from toolyard.core.errors import StoreUnavailable

T = TypeVar("T")

_TOLD_AFTER_S = 0.001
"""How long a result may lie until others that were waiting too are told with it."""


class _Job:
    """What somebody waits for, in the event loop that `loop` names."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.loop = current_token()
        self.done = anyio.Event()
        self.is_wanted = True
        self.result: Any = None
        self.error: BaseException | None = None

    def do(self) -> None:
        """Run it, unless nobody waits any more."""
        if not self.is_wanted:
            return
        try:
            self.result = self.work()
        except BaseException as error:  # it is raised where it is waited for
            self.error = error


class Worker:
    """Runs functions one after the other, in the order in which they came.

    What takes microseconds is told to the event loop several at a time: waking it costs more than
    the reading of a key. Who is cancelled returns at once; what has begun goes on to its end.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Job | None] | None = None

    def start(self) -> None:
        """Start the thread, if it does not run."""
        if self._queue is None:
            self._queue = SimpleQueue()
            Thread(target=_serve, args=(self._queue,), name="toolyard store", daemon=True).start()

    def stop(self) -> None:
        """End the thread once all that came before is done; nothing if it does not run."""
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.put(None)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; `StoreUnavailable` where the thread does not run."""
        if self._queue is None:
            raise StoreUnavailable("The store is not open: enter it with `async with` first.")
        job = _Job(work)
        self._queue.put(job)
        try:
            await job.done.wait()
        finally:
            job.is_wanted = False
        if job.error is not None:
            raise job.error
        return job.result


def _serve(queue: SimpleQueue[_Job | None]) -> None:
    done, until = list[_Job](), 0.0
    while True:
        if queue.empty() or time.monotonic() > until:
            _tell(done)
            done, until = [], time.monotonic() + _TOLD_AFTER_S
        job = queue.get()
        if job is None:
            _tell(done)
            return
        job.do()
        done.append(job)


def _tell(done: Sequence[_Job]) -> None:
    for loop, jobs in groupby(done, key=lambda job: job.loop):
        with suppress(anyio.RunFinishedError):  # nobody waits there any more
            anyio.from_thread.run_sync(_wake, [*jobs], token=loop)


def _wake(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.done.set()
