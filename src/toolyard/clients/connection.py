"""One connection to an MCP server, kept by a task of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import mcp_types as types
from anyio.abc import TaskGroup
from mcp import Client
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients.calls import Calls
from toolyard.clients.direct import Direct
from toolyard.clients.hearing import Hearing
from toolyard.clients.questions import Questions
from toolyard.clients.shortcut import Shortcut
from toolyard.clients.streams import Incoming, Outgoing
from toolyard.clients.targets import Transport
from toolyard.core.groups import first_of

logger = logging.getLogger("toolyard.clients")

CLOSING_S = 8.0
"""How long saying goodbye may take; longer than a process may take until it is killed (6 s)."""

WAY_BACK_S = 1.0
"""How long a server may take to say whether it will tell us things unasked."""

HELD_UP_S = 0.5
"""A call that is given up, and found the connection so long held up, is the last one on it."""


class Connection:
    """An SDK client between `open` and `close`.

    The SDK's client must be entered and left by one task, and calls come from any; so a task
    of the given group owns it and waits.

    Args:
        make_client: Gives the SDK's client for a transport.
        transport: Not yet entered; this enters and leaves it.
        hearing: Told when nothing more will be heard.
        declared: The capabilities to declare in place of those the SDK would, if any.
        is_http: Whether the transport is one over HTTP.
        is_wary: Whether to ask who is there even where the SDK takes that for granted.
    """

    def __init__(
        self,
        make_client: Callable[[Transport], Client],
        transport: Transport,
        hearing: Hearing,
        *,
        declared: Mapping[str, Any] | None = None,
        is_http: bool = False,
        is_wary: bool = False,
    ) -> None:
        self._make_client = make_client
        self._transport = transport
        self._declared = declared
        self._is_http = is_http
        self._is_wary = is_wary
        self.hearing = hearing
        self._life = anyio.CancelScope()
        self._settled = anyio.Event()
        self._closing = anyio.Event()
        self._closed = anyio.Event()
        self._client: Client | None = None
        self._failure: Exception | None = None
        self._outgoing: Outgoing | None = None
        self._direct: Direct | None = None
        self._calls: Calls | None = None
        self._uses = 0
        self.revision = ""
        """What was agreed on, once it is open."""
        self.offered = types.ServerCapabilities()
        """What the server says that it has."""
        self.complaint: str | None = None
        """Why we gave the connection up, if we did."""
        self.lost = False
        """Nothing new can be sent: the server went away, or `retire` or `close` was called."""
        self.broke = False
        """It ended by itself."""

    @property
    def client(self) -> Client:
        """The SDK's client; only after `open`."""
        if self._client is None:
            raise RuntimeError("the connection is not open")
        return self._client

    @property
    def calls(self) -> Calls:
        """What calls tools here; only after `open`."""
        if self._calls is None:
            raise RuntimeError("the connection is not open")
        return self._calls

    async def open(self, tasks: TaskGroup) -> None:
        """Connect and agree on a revision; raises whatever that raises."""
        tasks.start_soon(self._own)
        try:
            await self._settled.wait()
        except BaseException:  # cancelled: whoever waits need not wait for the cleaning up
            self._life.cancel()
            raise
        if self._failure is not None:
            raise self._failure
        if self.lost:
            raise ConnectionAbortedError("closed while it was being opened")

    @contextmanager
    def in_use(self) -> Generator[Client]:
        """The SDK's client, for one call."""
        self._uses += 1
        try:
            yield self.client
        except anyio.get_cancelled_exc_class():
            self.retire_if_held_up()
            raise
        finally:
            self._uses -= 1
            if self.lost:
                self.retire()

    def retire(self) -> None:
        """Take no new calls, and disconnect once those under way are over."""
        self.lost = True
        self.hearing.failed()
        if not self._uses:
            self._closing.set()

    def retire_if_held_up(self) -> None:
        """Retire it if, for some time, nothing of what we say has been taken."""
        if self._outgoing is not None and self._outgoing.held_up_s > HELD_UP_S:
            self.retire()

    async def close(self) -> None:
        """Disconnect and wait until that is done."""
        self.lost = True
        self._closing.set()
        with anyio.move_on_after(CLOSING_S):
            await self._closed.wait()
        self._life.cancel()  # a server that does not even answer a goodbye
        await self._closed.wait()

    async def _own(self) -> None:
        try:
            with self._life:
                async with self._make_client(self._streams()) as self._client:
                    # A server's own schema could keep us busy for ever; what it says is passed
                    # on as it is, and whoever uses it decides what to believe.
                    self._client.session.validate_tool_result = _believe
                    if self._is_wary:
                        await _introduced(self._client)
                    self.revision = self._client.protocol_version
                    self.offered = self._client.server_capabilities
                    self._calls = Calls(
                        self._client, self._direct, declared=self._declared, is_http=self._is_http
                    )
                    await self._way_back()
                    self._settled.set()
                    await self._closing.wait()
        except Exception as error:  # told to whoever opens; calls under way failed by themselves
            self._failure = first_of(error)
            logger.debug("a connection broke: %s", type(self._failure).__name__)
        finally:
            self._on_end()
            self._settled.set()
            self._closed.set()

    async def _way_back(self) -> None:
        """Wait until we can hear: some ask their client there, and drop what nobody hears."""
        if self.hearing.is_due:
            with anyio.move_on_after(WAY_BACK_S):
                await self.hearing.settled.wait()

    @asynccontextmanager
    async def _streams(self) -> AsyncGenerator[tuple[Any, Any]]:
        """The transport's streams; the end of what the server says is noticed at once."""
        async with self._transport as (incoming, outgoing):
            if isinstance(outgoing, Shortcut):
                self._direct = outgoing.direct
            questions = Questions()
            self._outgoing = Outgoing(outgoing, questions, self._declared, self._on_stuck)
            yield Incoming(incoming, questions, self._on_end, self._on_ending), self._outgoing

    def _on_stuck(self) -> None:
        self.complaint = "it takes no more messages"
        self.retire()

    def _on_ending(self) -> None:
        self.broke = self.broke or not self.lost
        self.lost = True

    def _on_end(self, complaint: str | None = None) -> None:
        self.complaint = self.complaint or complaint
        self._on_ending()
        self._closing.set()
        self.hearing.failed()


async def _introduced(client: Client) -> None:
    """Ask who is there, if a revision was given and nobody has said so yet."""
    if client.mode in MODERN_PROTOCOL_VERSIONS:
        said = await client.session.send_discover(client.mode)
        client.session.adopt(types.DiscoverResult.model_validate(said))


async def _believe(name: str, result: object) -> None:
    del name, result
