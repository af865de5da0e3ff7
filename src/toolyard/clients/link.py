"""The connection at hand to one server, made anew when it is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup
from mcp import Client

from toolyard.clients.connection import Connection
from toolyard.clients.faults import connect_fault
from toolyard.clients.hearing import Hearing
from toolyard.clients.pace import Starts
from toolyard.clients.targets import HttpServer, StdioServer, Transport
from toolyard.core.errors import ToolyardError


class Link:
    """Connects on demand, once for all who ask at the same time.

    Args:
        target: The server.
        make_client: Gives the SDK's client for a transport.
        declared: The capabilities to declare in place of those the SDK would, if any.
        connect_s: Seconds that connecting may take.
        on_gap: Called when notices may have been missed.
    """

    def __init__(
        self,
        target: HttpServer | StdioServer,
        make_client: Callable[[Transport], Client],
        *,
        declared: Mapping[str, Any] | None,
        connect_s: float,
        on_gap: Callable[[], None],
    ) -> None:
        self.target = target
        self._make_client = make_client
        self._declared = declared
        self._connect_s = connect_s
        self._on_gap = on_gap
        self._starts = Starts()
        self._connecting = anyio.Lock()
        self._failed_at = -math.inf
        """When the last try began, if it failed."""
        self._failure: ToolyardError | None = None
        self.tasks: TaskGroup | None = None
        """Where connections live; `None` while nobody may connect."""
        self.connection: Connection | None = None
        self.is_wary = False
        """Whether to ask who is there even where the SDK takes that for granted."""

    @property
    def is_lost(self) -> bool:
        """Whether there is no connection that can be used."""
        return self.connection is None or self.connection.lost

    async def connected(self) -> Connection:
        """The connection at hand, or a new one.

        Raises:
            Unreachable: The server cannot be reached, or does not let us in.
            RemoteFault: What answers is unintelligible.
        """
        if self.connection is not None and not self.connection.lost:
            return self.connection
        asked_at = anyio.current_time()
        async with self._connecting:
            if self.connection is not None and not self.connection.lost:
                return self.connection
            if self._failure is not None and self._failed_at >= asked_at:
                raise again(self._failure)  # all who waited for a try share its end
            began = anyio.current_time()
            try:
                self.connection = await self._connect()
            except ToolyardError as error:
                self._failed_at, self._failure = began, error
                raise
            return self.connection

    async def close(self) -> None:
        """Disconnect."""
        connection, self.connection = self.connection, None
        if connection is not None:
            await connection.close()

    async def _connect(self) -> Connection:
        if self.tasks is None:
            raise RuntimeError("the client is used before it is entered or after it is left")
        if isinstance(self.target, StdioServer):
            self._starts.take(str(self.target))
        hearing = Hearing(self._on_gap)
        transport = self.target.connect(hearing)
        connection = Connection(
            self._make_client,
            transport,
            hearing,
            declared=self._declared,
            is_http=isinstance(self.target, HttpServer),
            is_wary=self.is_wary,
        )
        try:
            with anyio.fail_after(self._connect_s):
                await connection.open(self.tasks)
        except Exception as error:  # whatever keeps us from connecting becomes one of ours
            raise connect_fault(error, str(self.target)) from error
        return connection


def again(error: ToolyardError) -> ToolyardError:
    """`error` for one more who is to raise it; traces of several must not mix."""
    copy = error.__class__.__new__(error.__class__)
    copy.__dict__.update(error.__dict__)
    copy.args = error.args
    return copy
