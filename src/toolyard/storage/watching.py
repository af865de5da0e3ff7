"""Following the changes of a store: look, tell what is new, wait, look again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType

from toolyard.storage.store import StoreChange

POLL_S = 0.05
"""How long changes of another process may go unnoticed."""
MAX_DELETED = 10_000
"""Deletions that are remembered in memory for those who watch."""
MAX_BEHIND = 100_000
"""Changes after which a deletion is forgotten elsewhere."""
BATCH = 500

Changes = Callable[[int], Awaitable[tuple[Sequence[StoreChange], int]]]
"""What changed after a version, in order, and up to which version that looked; negative: up to
which version there is anything."""


class Watch:
    """A `ChangeStream` over any engine that can say what changed after a version."""

    def __init__(self, changes: Changes, pause: Callable[[], Awaitable[object]]) -> None:
        self._changes = changes
        self._pause = pause
        self._seen = -1

    async def __aenter__(self) -> AsyncIterator[StoreChange]:
        _, self._seen = await self._changes(-1)
        return self._follow()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def _follow(self) -> AsyncIterator[StoreChange]:
        while True:
            changes, self._seen = await self._changes(self._seen)
            for change in changes:
                yield change
            if not changes:
                await self._pause()
