"""A bounded number of threads for functions that block."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable
from contextvars import Context
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakSet

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled

from toolyard.core.errors import ConfigError
from toolyard.core.thread_call import Reports, ThreadCall
from toolyard.core.worker_thread import WorkerThread

T = TypeVar("T")


class Threads:
    """Runs functions in worker threads, at most `limit` of them at a time.

    A cancelled call returns at once, but Python cannot end its thread: the thread is occupied
    until the function really ends, so abandoned calls cannot pile up threads. Threads start when
    they are needed and end when they were not for a while. The process ends without idle ones,
    but only after functions that still run.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ConfigError(f"The number of threads must be 1 or more, not {limit}.")
        self._limit = limit
        self._reports: Reports | None = None
        self.forget()
        _all.add(self)

    def forget(self) -> None:
        """Begin without threads and without calls: a fork leaves them all behind."""
        self._lock = Lock()
        self._calls: OrderedDict[ThreadCall[Any], None] = OrderedDict()
        self._threads: set[WorkerThread] = set()
        self._idle: dict[WorkerThread, None] = {}  # the last one has only just had work
        self._is_coming = False  # a thread is, that will look for calls

    async def run(self, function: Callable[[], T]) -> T:
        """Give what `function` returns; the caller's context variables are visible in it."""
        await checkpoint_if_cancelled()
        scope = CancelScope()
        call = ThreadCall(function, scope, self._reports_here())
        with scope:
            try:
                self._add(call)
                await call.done
            except BaseException:  # above all a cancellation
                self._drop(call)
                raise
        return call.result()

    def _reports_here(self) -> Reports:
        loop, reports = asyncio.get_running_loop(), self._reports
        if reports is None or reports.loop is not loop:
            reports = self._reports = Reports(loop)
        return reports

    def _add(self, call: ThreadCall[Any]) -> None:
        with self._lock:
            self._calls[call] = None
        self._summon()

    def _drop(self, call: ThreadCall[Any]) -> None:
        call.done.cancel()
        with self._lock:
            self._calls.pop(call, None)

    def _summon(self) -> None:
        """Have one more thread look for calls; having taken one, it summons the next.

        So that a thread that is quick, and takes them all, is not helped by many that wake up in
        vain: waking them costs more than what most functions do.
        """
        thread = self._one_more()
        if thread is None:
            return
        if thread.is_alive():
            thread.wake()
        else:
            self._start(thread)

    def _one_more(self) -> WorkerThread | None:
        with self._lock:
            if self._is_coming or not self._calls:
                return None
            if self._idle:
                thread, _ = self._idle.popitem()
                thread.is_idle = False
            elif len(self._threads) < self._limit:
                thread = WorkerThread(self._work)
                self._threads.add(thread)
            else:
                return None
            self._is_coming = True
            return thread

    def _start(self, thread: WorkerThread) -> None:
        try:
            Context().run(thread.start)  # where threads inherit one, not that of the first call
        except RuntimeError:  # the system has no more of them
            with self._lock:
                self._is_coming = False
                self._threads.discard(thread)
                nobody_else = not self._threads
            if nobody_else:
                raise

    def _work(self, thread: WorkerThread) -> None:
        """Do calls, one after the other, until there were none for long enough."""
        arrived, ended = True, None
        while True:
            call = self._next(thread, arrived)
            if ended is not None:  # told only now: who hears of it finds this thread idle
                ended.report()
                ended = None
            if call is not None:
                self._summon()
                call.do()
                ended, call, arrived = call, None, False
            elif self._is_over(thread):
                return
            else:
                arrived = True

    def _next(self, thread: WorkerThread, arrived: bool) -> ThreadCall[Any] | None:
        with self._lock:
            if arrived:
                self._is_coming = False
            if self._calls:
                return self._calls.popitem(last=False)[0]
            thread.is_idle = True
            self._idle[thread] = None
            return None

    def _is_over(self, thread: WorkerThread) -> bool:
        """Whether `thread` has waited long enough to be summoned."""
        if thread.wait():
            return False
        with self._lock:
            if thread in self._idle:
                del self._idle[thread]
                self._threads.discard(thread)
                return True
        thread.wait_on()
        return False


_all: WeakSet[Threads] = WeakSet()


def _forget_all() -> None:
    for threads in [*_all]:
        threads.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
