"""The long way of a request, through the SDK; the first one that takes it opens it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from toolyard.core.background import Background
from toolyard.servers.codes import INTERNAL_ERROR
from toolyard.servers.reply import reply
from toolyard.servers.sdk import sdk_side
from toolyard.servers.served import Served
from toolyard.servers.streams import Receive, Scope, Send

if TYPE_CHECKING:
    from toolyard.servers.sdk_side import SdkSide

logger = logging.getLogger("toolyard.servers")

OPEN_S = 60.0
"""How long the first request may wait for it."""
CLOSED = "The server cannot answer this request now; its log says why."


class LongWay:
    """Serves what the fast lane does not, from one task that is there while `running`."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.side: SdkSide | None = None
        """The SDK's side, once a request needed it."""
        self.is_running = False
        self._wanted = anyio.Event()
        self._settled = anyio.Event()
        """Set when it is open, or could not be opened."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Be there for requests until the end."""
        async with Background() as tasks:
            tasks.start_soon(self._run)
            self.is_running = True
            try:
                yield
            finally:
                self.is_running = False
                self._settled.set()  # nobody need wait any longer

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            try:
                await self._stay_open()
            except Exception:  # whoever asks next has it tried again
                logger.exception("the SDK could not be started")
            self.side = None
            settled = self._settled
            self._wanted, self._settled = anyio.Event(), anyio.Event()
            settled.set()

    async def _stay_open(self) -> None:
        side = await sdk_side(self._served)
        async with side.running():
            self.side = side
            self._settled.set()
            await anyio.sleep_forever()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that passed the gate."""
        if self.side is None:
            self._wanted.set()
            with anyio.move_on_after(OPEN_S):
                await self._settled.wait()
        if self.side is None:
            error = {"code": INTERNAL_ERROR, "message": CLOSED}
            said = json.dumps({"jsonrpc": "2.0", "id": None, "error": error})
            await reply(send, said.encode(), status=500)
        else:
            await self.side(scope, receive, send)

    def hang_up(self) -> None:
        """End the streams on which clients wait for changes."""
        if self.side is not None:
            self.side.hang_up()
