"""The part of a task in which a call runs, which others may end."""

from __future__ import annotations

import asyncio
import math
from functools import cache
from types import TracebackType
from typing import Self

import anyio

from toolyard.core.errors import CallTimeout, ToolyardError


@cache
def _kind() -> type[anyio.CancelScope]:
    """What `anyio.CancelScope()` gives here, which looks for the event loop's backend each time."""
    return type(anyio.CancelScope())


class CallScope:
    """Entered by whoever runs a call; leaving it raises the reason if the call was ended."""

    __slots__ = ("_limit_s", "_reason", "_scope", "deadline", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        """Which tool or list is asked for."""
        self.deadline = math.inf
        """When it is ended, if somebody sees to that; on the clock of `anyio.current_time`."""
        self._scope = _kind()()
        self._reason: ToolyardError | None = None
        self._limit_s = math.inf

    def limit(self, seconds: float) -> None:
        """Before it is entered: have it end by itself with `CallTimeout` after so long."""
        self._limit_s = seconds
        # What `anyio.current_time` gives, which looks for the event loop's backend each time.
        self.deadline = asyncio.get_running_loop().time() + seconds
        self._scope.deadline = self.deadline

    @property
    def is_ended(self) -> bool:
        """Whether `end` was called."""
        return self._reason is not None

    def end(self, reason: ToolyardError) -> None:
        """Cancel the call, unless that was done already."""
        if self._reason is None:
            self._reason = reason
            self._scope.cancel()

    def __enter__(self) -> Self:
        self._scope.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        is_caught = self._scope.__exit__(kind, error, traceback)
        if is_caught and self._reason is not None:
            raise self._reason from None
        if is_caught and self._limit_s < math.inf:
            raise CallTimeout(self.what, self._limit_s)
        return is_caught
