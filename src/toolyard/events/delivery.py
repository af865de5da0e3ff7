"""Hands events to a handler in a thread of its own, so that nobody waits for it."""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Callable
from inspect import isasyncgenfunction, iscoroutinefunction
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Lock, Thread, current_thread

from anyio import to_thread

from toolyard.core.context import Event, EventHandler
from toolyard.core.errors import ConfigError

logger = logging.getLogger("toolyard.events")

MOST_WAITING = 10_000
IDLE_S = 1.0
"""How long a thread waits for the next event before it ends."""
LAST_WAIT_S = 5.0
"""How long the end of the process waits for what was not delivered yet, all in all."""

_at_work: dict[Thread, Delivery] = {}


class Delivery:
    """Calls `handler` with each event, in their order, in a thread that comes and goes.

    An event handler itself, which returns at once however slow or broken `handler` is. Where that
    falls behind too far, events are left out and counted in `dropped`. It need not be closed: the
    thread ends when there is nothing to do, and the process waits a few seconds for what is left.
    """

    def __init__(self, handler: EventHandler, *, most_waiting: int = MOST_WAITING) -> None:
        """As described.

        Args:
            handler: May block and may raise; what it raises is logged. Never called twice at once.
            most_waiting: How many events may wait for it, 1 or more.

        Raises:
            ConfigError: It is a coroutine function, which no thread can call, or no function; or
                nothing may wait.
        """
        _refuse_async(handler)
        if most_waiting < 1:
            raise ConfigError(f"most_waiting is {most_waiting}: at least one event has to wait.")
        self._handler = handler
        self._most_waiting = most_waiting
        self.dropped = 0
        """How many events were left out."""
        self.begin()

    def begin(self) -> None:
        """Forget what waits, and that there is a thread."""
        self._queue = SimpleQueue[Event | Flag]()
        self._lock = Lock()
        self._thread: Thread | None = None

    def __call__(self, event: Event) -> None:
        """Have `event` delivered soon."""
        queue = self._queue
        if queue.qsize() >= self._most_waiting:
            self._drop()
            return
        queue.put(event)
        if self._thread is None:
            self._start()

    def settle(self, timeout_s: float) -> bool:
        """Wait until all events so far are handled; whether they were within `timeout_s`.

        It blocks: in the event loop there is `settled`. Never from within the handler.
        """
        if self._thread is None and self._queue.empty():
            return True
        if self._thread is current_thread():
            return False
        reached = Flag()
        self._queue.put(reached)
        if self._thread is None:
            self._start()
        return reached.wait(timeout_s)

    async def settled(self, timeout_s: float) -> bool:
        """As `settle`, while the event loop goes on."""
        return await to_thread.run_sync(self.settle, timeout_s, abandon_on_cancel=True)

    def _drop(self) -> None:
        with self._lock:
            self.dropped += 1
            is_first = self.dropped == 1
        if is_first:
            logger.warning(
                "an event handler is too slow: with %d events waiting, more are left out",
                self._most_waiting,
            )

    def _start(self) -> None:
        thread = Thread(target=self._work, name="toolyard events", daemon=True)
        with self._lock:
            if self._thread is not None:
                return
            self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the process ends: the next event tries again
            self._thread = None

    def _work(self) -> None:
        thread = current_thread()
        _at_work[thread] = self
        try:
            while (event := self._next()) is not None:
                if isinstance(event, Flag):
                    event.set()
                else:
                    self._deliver(event)
        finally:
            del _at_work[thread]
            if self._thread is thread:  # not even the log works
                self._thread = None

    def _next(self) -> Event | Flag | None:
        """The next event, or `None` once this thread is no longer the one that delivers."""
        try:
            return self._queue.get(timeout=IDLE_S)
        except Empty:
            self._thread = None
        # Whoever puts one in looks for a thread after that: one of both sees the other.
        if not self._queue.empty():
            self._start()
        return None

    def _deliver(self, event: Event) -> None:
        try:
            self._handler(event)
        except BaseException:  # whatever it raises, `SystemExit` too: the next event still comes
            logger.exception("an event handler failed on %s", type(event).__name__)


def _refuse_async(handler: Callable[..., object]) -> None:
    if not callable(handler):
        raise ConfigError("An event handler is a function that takes an event.")
    for each in (handler, getattr(handler, "__call__", None)):  # noqa: B004 - not whether, but what
        if iscoroutinefunction(each) or isasyncgenfunction(each):
            raise ConfigError(
                "An event handler is a plain function: events are delivered in a thread, which "
                "cannot await one that is written with `async def`."
            )


@atexit.register
def _wait_for_handlers() -> None:
    until = time.monotonic() + LAST_WAIT_S
    for each in tuple(_at_work.values()):
        each.settle(max(0.0, until - time.monotonic()))


def _begin_anew() -> None:
    """After a fork: what waits, the parent delivers, and its threads are not here."""
    for each in tuple(_at_work.values()):
        each.begin()
    _at_work.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
