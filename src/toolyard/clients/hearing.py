"""Whether a server's unasked notices reach us."""

from __future__ import annotations

from collections.abc import Callable

import anyio


class Hearing:
    """The state of the way on which a server of the handshake revisions sends notices."""

    def __init__(self, on_gap: Callable[[], None]) -> None:
        self._on_gap = on_gap
        self.is_due = False
        """Whether the server is going to be asked for such a way."""
        self.settled = anyio.Event()
        """Whether there is one has been answered."""
        self.begun = anyio.Event()
        self.over = anyio.Event()
        """Nothing will be heard any more on this connection."""
        self._doubt = anyio.Event()

    def opened(self) -> None:
        """Notices arrive from now on; if not for the first time, some may have been missed."""
        if self.begun.is_set():
            self._on_gap()
        self.settled.set()
        self.begun.set()

    def none(self) -> None:
        """The server says that it has no such way."""
        self.settled.set()

    def failed(self) -> None:
        """No more notices arrive."""
        self.settled.set()
        self.begun.set()
        self.over.set()

    def doubted(self) -> None:
        """The server may be gone: its stream ended, or a call did not get through."""
        self._doubt.set()

    async def doubt(self) -> None:
        """Wait for the next doubt."""
        await self._doubt.wait()
        self._doubt = anyio.Event()
