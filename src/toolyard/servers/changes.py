"""Changes of what is offered, on their way to clients: each once, none forgotten."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import anyio

from toolyard.core.protocol import Change

logger = logging.getLogger("toolyard.servers")

MOST_DOCUMENTS = 10_000
"""Documents with new content that clients are told of at once."""


class Changes:
    """Collects changes until somebody takes them; a change that is due already is not added."""

    def __init__(self) -> None:
        self._due: dict[Change, None] = {}  # a set that keeps its order
        self._any = anyio.Event()
        self._is_crowded = False

    def add(self, change: Change) -> None:
        """Have `change` told."""
        if change in self._due:
            return
        if change.kind == "resource" and len(self._due) >= MOST_DOCUMENTS:
            if not self._is_crowded:
                logger.warning("too many documents changed at once; clients are not told of all")
            self._is_crowded = True
            return
        self._due[change] = None
        self._any.set()

    async def take(self) -> Sequence[Change]:
        """Wait for changes and give all there are, the first one first."""
        await self._any.wait()
        self._is_crowded = False
        taken, self._due, self._any = tuple(self._due), {}, anyio.Event()
        return taken
