"""Hears of a server's changes, and tells of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

import anyio
import mcp_types as types
from mcp import Client, MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients.connection import Connection
from toolyard.clients.pace import Pace
from toolyard.clients.watching import Watching
from toolyard.core.protocol import Change, Listener, Listeners

logger = logging.getLogger("toolyard.clients")

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

    def __init__(self) -> None:
        self._listeners = Listeners()
        self._offered = {Change("tools"): None}  # a set that keeps its order
        self._pace = Pace()
        self.watching = Watching(self._listeners.tell)
        self.wanted = anyio.Event()
        """Set once there was a subscriber."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on every change until the returned function is called."""
        self.wanted.set()
        return self._listeners.subscribe(listener)

    def expect(self, offered: types.ServerCapabilities) -> None:
        """Note what a server offers, or has offered before, and may change."""
        if offered.prompts is not None:
            self._offered[Change("prompts")] = None
        if offered.resources is not None:
            self._offered[Change("resources")] = None

    @property
    def expects_library(self) -> bool:
        """Whether the server has, or has had, documents or prompts."""
        return len(self._offered) > 1

    async def hear(self, message: object) -> None:
        """Take a message from the server that no request of ours asked for."""
        change = CHANGES.get(type(message))
        if change is not None:
            self._listeners.tell(change)
        elif isinstance(message, types.ResourceUpdatedNotification):
            self.watching.hear(message.params.uri)

    def interrupted(self) -> None:
        """Say that anything may have changed: nothing was heard for some time."""
        self.missed()
        self.watching.doubt()

    def missed(self) -> None:
        """Say that changes may have happened unheard, or that the server came or went."""
        for change in tuple(self._offered):
            self._listeners.tell(change)

    async def listen(self, connection: Connection) -> None:
        """Hear what there is to hear; returns when that ends."""
        if connection.revision in MODERN_PROTOCOL_VERSIONS:
            await self._listen_on_stream(connection)
            return
        await connection.hearing.begun.wait()
        self.missed()
        await connection.hearing.over.wait()

    async def _listen_on_stream(self, connection: Connection) -> None:
        await self._pace.keep()
        try:
            await self._hear_stream(connection.client)
        except Exception as error:  # whatever the trouble is, it may pass
            logger.debug("nothing is heard of changes: %s", type(error).__name__)
            if isinstance(error, MCPError) and error.code == types.METHOD_NOT_FOUND:
                await connection.hearing.over.wait()

    async def _hear_stream(self, client: Client) -> None:
        stream = client.listen(
            tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
        )
        async with AsyncExitStack() as life:
            with anyio.fail_after(ACKNOWLEDGED_S):
                events = await life.enter_async_context(stream)
            self.missed()
            async for _ in events:
                pass  # each comes to `hear` as well
