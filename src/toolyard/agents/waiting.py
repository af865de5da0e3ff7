"""Tells of a model that is silent, for those who want to know."""

from __future__ import annotations

import time
from collections.abc import Awaitable
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

    def begin(self, iteration: int, now: float) -> None:
        """A request is about to be made; `now` is by `time.perf_counter`."""
        self._iteration = iteration
        self._asked_at = self._spoke_at = now
        self._has_spoken = False

    def on(self, answer: Awaitable[T]) -> Awaitable[T]:
        """All of the answer, or the next piece of it."""
        return self._watched(answer) if self._telling.is_heard(LLMWaiting) else answer

    async def _watched(self, answer: Awaitable[T]) -> T:
        async with Background() as tasks:
            tasks.start_soon(self._tell)
            piece = await answer
        self._has_spoken = True
        self._spoke_at = time.perf_counter()
        return piece

    async def _tell(self) -> None:
        while True:
            await anyio.sleep(EVERY_S)
            now = time.perf_counter()
            self._telling.tell(
                LLMWaiting,
                iteration=self._iteration,
                elapsed_secs=now - self._asked_at,
                seconds_since_last_token=now - self._spoke_at,
                phase="streaming" if self._has_spoken else "first_token",
            )
