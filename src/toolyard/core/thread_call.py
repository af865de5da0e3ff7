"""One call of a function in a thread, and the way its result goes back to the event loop."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from anyio import CancelScope
from anyio.lowlevel import current_token

from toolyard.core.anyio_thread import run_for_anyio

T = TypeVar("T")


class ThreadCall(Generic[T]):
    """A function that somebody in an event loop waits for."""

    __slots__ = ("_context", "_error", "_function", "_reports", "_result", "_scope", "done")

    def __init__(self, function: Callable[[], T], scope: CancelScope, reports: Reports) -> None:
        self.done: Future[None] = reports.loop.create_future()
        self._function = function
        self._scope = scope
        self._reports = reports
        self._context = copy_context()
        self._error: BaseException | None = None

    def do(self) -> None:
        """In a thread: run the function, unless nobody waits for it any more."""
        if self.done.cancelled():
            return
        try:
            self._result = run_for_anyio(
                self._function, self._context, self._reports.token, self._scope
            )
        except BaseException as error:  # it is raised where it is waited for
            self._error = error

    def report(self) -> None:
        """In a thread: have the event loop say that it is done."""
        self._reports.add(self)

    def result(self) -> T:
        """What the function returned or raised; once only."""
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            if isinstance(error, GeneratorExit):  # it would close coroutines, not fail them
                raise RuntimeError("A function in a thread raised GeneratorExit.") from error
            raise error
        finally:
            del error  # its traceback holds this frame


class Reports:
    """Calls whose functions have ended; their event loop is woken once for many of them."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self.token = current_token()
        self._calls: deque[ThreadCall[Any]] = deque()
        self._is_told = False

    def add(self, call: ThreadCall[Any]) -> None:
        """In a thread: have the event loop say that `call` is done."""
        self._calls.append(call)
        if self._is_told:  # the loop has not begun to look, and will find this one
            return
        self._is_told = True
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._is_told = False
        for _ in range(len(self._calls)):  # any later one has told the loop anew
            done = self._calls.popleft().done
            if not done.cancelled():
                done.set_result(None)
