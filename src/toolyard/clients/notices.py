"""Keeps hearing of a server's changes, across lost connections."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import anyio
import mcp_types as types
from mcp import Client, MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients.connection import Connection
from toolyard.core.protocol import Change, Listener, Listeners

logger = logging.getLogger("toolyard.clients")

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
ACKNOWLEDGED_S = 30.0

CHANGES: Mapping[type, Change] = {
    types.ToolListChangedNotification: Change("tools"),
    types.PromptListChangedNotification: Change("prompts"),
    types.ResourceListChangedNotification: Change("resources"),
}


class Notices:
    """Tells listeners of changes, and that something may have changed while nothing was heard.

    Servers of 2026-07-28 are asked for a stream of notices; older ones send them unasked.
    """

    def __init__(self, connected: Callable[[], Awaitable[Connection]]) -> None:
        self._connected = connected
        self._listeners = Listeners()
        self._wanted = anyio.Event()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on every change until the returned function is called."""
        self._wanted.set()
        return self._listeners.subscribe(listener)

    async def hear(self, message: object) -> None:
        """Take a message from the server that no request of ours asked for."""
        change = CHANGES.get(type(message))
        if change is not None:
            self._listeners.tell(change)

    def missed(self) -> None:
        """Say that changes may have happened unheard."""
        self._listeners.tell(Change("tools"))

    async def keep_hearing(self) -> None:
        """From the first subscriber on, stay connected and listen; never returns."""
        await self._wanted.wait()
        pause_s = FIRST_PAUSE_S
        while True:
            began = anyio.current_time()
            try:
                await self._listen(await self._connected())
            except Exception as error:  # whatever the trouble is, it may pass
                logger.debug("nothing is heard of changes: %s", type(error).__name__)
            lasted = anyio.current_time() - began > LONGEST_PAUSE_S
            pause_s = FIRST_PAUSE_S if lasted else min(2 * pause_s, LONGEST_PAUSE_S)
            await anyio.sleep(pause_s)

    async def _listen(self, connection: Connection) -> None:
        """Hear what there is to hear; returns when that ends."""
        if connection.client.protocol_version in MODERN_PROTOCOL_VERSIONS:
            try:
                await self._listen_on_stream(connection.client)
                return
            except MCPError as error:
                if error.code != types.METHOD_NOT_FOUND:
                    raise
            await connection.hearing.over.wait()
        await connection.hearing.begun.wait()
        self.missed()
        await connection.hearing.over.wait()
        connection.retire()

    async def _listen_on_stream(self, client: Client) -> None:
        stream = client.listen(
            tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
        )
        async with AsyncExitStack() as life:
            with anyio.fail_after(ACKNOWLEDGED_S):
                events = await life.enter_async_context(stream)
            self.missed()
            async for _ in events:
                pass  # each comes to `hear` as well
