"""Keeps a server at hand: notices when it is lost, and comes back to it by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import mcp_types as types
from mcp import Client
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients.connection import Connection
from toolyard.clients.faults import casts_doubt, remote_fault
from toolyard.clients.link import Link, again
from toolyard.clients.notices import Notices
from toolyard.clients.pace import LONGEST_PAUSE_S, Backoff
from toolyard.core.errors import ToolyardError, Unreachable

PROBE_S = 5.0
"""How long a server that may be gone has to show that it is there."""
PROBED_S = 1.0
"""For how long one that has shown it is believed, whatever calls run into."""


class Keeping:
    """Whether a server is there, as far as is known, and the task that finds out.

    Args:
        link: Connects.
        notices: Listens on a connection, and tells who subscribed.
    """

    def __init__(self, link: Link, notices: Notices) -> None:
        self._link = link
        self._where = str(link.target)
        self._notices = notices
        self._known: Connection | None = None
        self._made = 0
        self._back = anyio.Event()
        self._owed = anyio.Event()
        self._last_error: str | None = None
        self._fault: ToolyardError | None = None
        """Why the server cannot be reached, once its loss has been told."""

    async def connected(self) -> Connection:
        """A connection, from `Link.connected`; that one is there now is told where it is news."""
        connection = await self._link.connected()
        is_new = connection is not self._known
        if is_new:
            self._known = connection
            self._made += 1
            self._notices.expect(connection.offered)
        if self._fault is not None or (is_new and self._owed.is_set()):
            self._fault = None
            self._back.set()
            self._notices.missed()
        return connection

    @property
    def offered(self) -> types.ServerCapabilities:
        """What the server says that it has, or has said last."""
        return types.ServerCapabilities() if self._known is None else self._known.offered

    def check(self) -> None:
        """Raise why the server cannot be reached, if that is known: nobody need wait for it."""
        if self._fault is not None:
            raise again(self._fault)

    def lose(self, error: Exception) -> None:
        """The server could not be reached; told if it is news."""
        fault = remote_fault(error, self._where)
        self._last_error = str(fault)
        is_news = self._fault is None
        self._fault = fault if isinstance(fault, Unreachable) else Unreachable(str(fault))
        if is_news:
            self._notices.missed()

    def owe(self) -> None:
        """A list could not be had: if the server is there, have it asked for again some time."""
        self._owed.set()

    def health(self) -> Mapping[str, Any]:
        """How the connection is, as JSON."""
        is_there = self._known is not None and self._fault is None
        return {
            "state": "connected" if is_there else "unreachable",
            "revision": None if self._known is None else self._known.revision,
            "restarts": max(0, self._made - 1),
            "last_error": self._last_error,
        }

    async def keep(self, *, at_once: bool) -> None:
        """Stay connected and listen, from now on or from the first subscriber on; never returns."""
        if not at_once:
            await self._notices.wanted.wait()
        self._link.is_wary = True
        pauses = Backoff()
        while True:
            connection = await self._regained(pauses)
            began = anyio.current_time()
            await self._watch(connection)
            connection.retire()
            if anyio.current_time() - began > LONGEST_PAUSE_S:
                pauses = Backoff()
            if connection.broke and self._link.is_lost and not pauses.is_soon:
                self.lose(Unreachable(f"Cannot reach {self._where}: it ends again and again."))
            await self._pause(pauses)

    async def _regained(self, pauses: Backoff) -> Connection:
        while True:
            try:
                return await self.connected()
            except Exception as error:  # whatever the trouble is, it may pass
                self.lose(error)
            await self._pause(pauses)

    async def _pause(self, pauses: Backoff) -> None:
        """Wait until it is time to try again; a call that found the server back ends it."""
        self._back = anyio.Event()
        with anyio.move_on_after(pauses.next_s()):
            await self._back.wait()

    async def _watch(self, connection: Connection) -> None:
        """Listen until that ends, or the server is found to be gone."""
        self._owed = anyio.Event()
        async with anyio.create_task_group() as tasks:

            async def until(end: Callable[[Connection], Awaitable[None]]) -> None:
                await end(connection)
                tasks.cancel_scope.cancel()

            tasks.start_soon(self._pay)
            tasks.start_soon(self._notices.watching.pass_on, connection)
            for end in (self._notices.listen, _over, _gone):
                tasks.start_soon(until, end)

    async def _pay(self) -> None:
        """Say that lists may have changed when one could not be had; never returns."""
        pauses = Backoff()
        while True:
            await self._owed.wait()
            await anyio.sleep(pauses.next_s())
            self._owed = anyio.Event()
            self._notices.missed()


async def _over(connection: Connection) -> None:
    await connection.hearing.over.wait()


async def _gone(connection: Connection) -> None:
    """Ask the server on every doubt whether it is there; returns when it is not."""
    while True:
        await connection.hearing.doubt()
        try:
            with anyio.fail_after(PROBE_S), connection.in_use() as client:
                await _ping(client, connection.revision)
        except Exception as error:  # an error of the server's own shows that it is there
            if casts_doubt(error):
                return
        await anyio.sleep(PROBED_S)


async def _ping(client: Client, revision: str) -> None:
    if revision in MODERN_PROTOCOL_VERSIONS:
        await client.session.send_discover(revision)
    else:
        await client.session.send_ping()
