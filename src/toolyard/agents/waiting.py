"""Tells of a model that is silent, for those who want to know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from toolyard.agents.telling import Telling
from toolyard.core.background import Background
from toolyard.events.agent_events import LLMWaiting

T = TypeVar("T")

EVERY_S = 2.0


class Waiting:
    """Watches one request after another."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._iteration = 0
        self._asked_at = self._spoke_at = 0.0
        self._has_spoken = False

    def begin(self, iteration: int) -> None:
        """A request is about to be made."""
        self._iteration = iteration
        self._asked_at = self._spoke_at = anyio.current_time()
        self._has_spoken = False

    async def on(self, wait: Callable[[], Awaitable[T]]) -> T:
        """What `wait` gives: all of the answer, or the next piece of it."""
        if not self._telling.is_heard(LLMWaiting):
            return await wait()
        async with Background() as tasks:
            tasks.start_soon(self._tell)
            piece = await wait()
        self._has_spoken = True
        self._spoke_at = anyio.current_time()
        return piece

    async def _tell(self) -> None:
        while True:
            await anyio.sleep(EVERY_S)
            now = anyio.current_time()
            self._telling.tell(
                LLMWaiting,
                iteration=self._iteration,
                elapsed_secs=now - self._asked_at,
                seconds_since_last_token=now - self._spoke_at,
                phase="streaming" if self._has_spoken else "first_token",
            )
