"""A bounded number of threads for functions that block."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.lowlevel import EventLoopToken, current_token

from toolyard.core.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A call waiting in its event loop for a free slot."""

    loop: EventLoopToken = field(default_factory=current_token)
    free: anyio.Event = field(default_factory=anyio.Event)


def _grant_in_loop(turn: _Turn) -> bool:
    turn.free.set()
    return True


def _grant_from_thread(turn: _Turn) -> bool:
    try:
        anyio.from_thread.run_sync(turn.free.set, token=turn.loop)
    except anyio.RunFinishedError:
        return False
    return True


class Threads:
    """Runs functions in worker threads, at most `limit` of them at a time.

    A cancelled call returns at once, but Python cannot end its thread: the thread keeps its
    slot until the function really ends, so abandoned calls cannot pile up threads.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ConfigError(f"The number of threads must be 1 or more, not {limit}.")
        self._free = limit
        self._queue: deque[_Turn] = deque()
        self._lock = Lock()
        self._unlimited = anyio.CapacityLimiter(math.inf)  # the count is ours, not anyio's

    async def run(self, function: Callable[[], T]) -> T:
        """Give what `function` returns; the caller's context variables are visible in it."""
        await self._take()
        begun = dropped = False

        def work() -> T:
            nonlocal begun
            with self._lock:
                if dropped:
                    raise RuntimeError("The call was cancelled before its thread began.")
                begun = True
            try:
                return function()
            except GeneratorExit as error:  # awaiting it would close coroutines, not fail them
                raise RuntimeError("A function in a thread raised GeneratorExit.") from error
            finally:
                self._give_back(_grant_from_thread)

        try:
            return await anyio.to_thread.run_sync(
                work, abandon_on_cancel=True, limiter=self._unlimited
            )
        finally:
            with self._lock:
                dropped = not begun
            if dropped:
                self._give_back(_grant_in_loop)

    async def _take(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = _Turn()
            self._queue.append(turn)
        try:
            await turn.free.wait()
        except BaseException:  # above all a cancellation: the place in the queue goes with it
            self._leave(turn)
            raise

    def _leave(self, turn: _Turn) -> None:
        with self._lock:
            waiting = turn in self._queue
            if waiting:
                self._queue.remove(turn)
        if not waiting:  # the slot was granted while the call was being cancelled
            self._give_back(_grant_in_loop)

    def _give_back(self, grant: Callable[[_Turn], bool]) -> None:
        granted = False
        while not granted:
            with self._lock:
                if not self._queue:
                    self._free += 1
                    return
                turn = self._queue.popleft()
            granted = grant(turn)
