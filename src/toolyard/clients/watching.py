"""Has a server tell of the documents that somebody watches."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial

import anyio
import mcp_types as types
from mcp import Client, MCPError
from mcp.client.subscriptions import Subscription, SubscriptionLost
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients.connection import Connection
from toolyard.clients.pace import LONGEST_PAUSE_S, Backoff
from toolyard.core.protocol import Change, Listener
from toolyard.core.watching import Watched

logger = logging.getLogger("toolyard.clients")

ANSWERED_S = 30.0
"""How long a server may take to say whether it will tell."""
SETTLED_S = 0.1
"""The least time between two changes of what a server is asked for."""
AT_ONCE = 10
"""Questions about single documents that one server is asked at the same time."""
MOST_WATCHED = 1_000
"""Documents that one server is asked to tell of, the longest watched; servers have limits too."""
MOST_LETTERS = 500_000
"""Of their URIs together: one request holds them all."""
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]*")
"""What can be a document; a server may refuse all because of one that cannot."""


class Watching:
    """Asks the server at hand, and each that takes its place, for what is watched.

    A change that comes before the server was asked is not heard of. Whatever was watched before
    there was a connection, or while notices were interrupted, is told of as if it had changed.

    Args:
        tell: Told of each watched document that changes, and of no other.
    """

    def __init__(self, tell: Listener) -> None:
        self._tell = tell
        self._due = anyio.Event()
        self._is_crowded = False
        self.watched = Watched(self._note, self._note)

    def hear(self, uri: str) -> None:
        """The server says that the document at `uri` has new content."""
        if uri in self.watched:
            self._tell(Change("resource", uri))

    def doubt(self) -> None:
        """Whatever is watched may have new content."""
        for uri in self.watched:
            self.hear(uri)

    def _note(self, uri: str) -> None:
        del uri
        self._due.set()

    async def pass_on(self, connection: Connection) -> None:
        """Ask for what is watched, now and whenever that changes, until cancelled."""
        offered = connection.offered.resources
        if offered is None:
            return
        if connection.revision in MODERN_PROTOCOL_VERSIONS:
            await self._keep_stream(connection.client)
        elif offered.subscribe:
            await connection.hearing.begun.wait()
            await self._keep_subscribed(connection.client)

    async def _keep_subscribed(self, client: Client) -> None:
        """Subscribe to each document; one that is refused is not asked for again."""
        asked, is_first = set[str](), True
        while True:
            wanted = self._wanted()
            await _each(asked.difference(wanted), partial(_unsubscribe, client))
            await _each([uri for uri in wanted if uri not in asked], partial(_subscribe, client))
            if is_first:
                self.doubt()
            asked, is_first = set(wanted), False
            settled_at = anyio.current_time() + SETTLED_S
            await self._due.wait()
            await anyio.sleep_until(settled_at)

    async def _keep_stream(self, client: Client) -> None:
        """Have a stream of notices for what is watched; the next begins before the last ends."""
        hearing, pauses, is_gap = AsyncExitStack(), Backoff(), True
        try:
            while True:
                wanted, opened = self._wanted(), AsyncExitStack()
                try:
                    stream = await _stream(client, wanted, opened) if wanted else None
                except Exception as error:  # whatever the trouble is, it may pass
                    logger.debug("nothing is heard of documents: %s", type(error).__name__)
                    if isinstance(error, MCPError) and error.code == types.METHOD_NOT_FOUND:
                        return
                    is_gap = True
                    await anyio.sleep(pauses.next_s())
                    continue
                await hearing.aclose()
                hearing, began = opened, anyio.current_time()
                if is_gap and stream is not None and stream.honored.resource_subscriptions:
                    self.doubt()
                is_gap = await self._ended(stream)
                if not is_gap or anyio.current_time() - began > LONGEST_PAUSE_S:
                    pauses = Backoff()
                if is_gap:
                    await anyio.sleep(pauses.next_s())
                await anyio.sleep_until(began + SETTLED_S)
        finally:
            await hearing.aclose()

    async def _ended(self, stream: Subscription | None) -> bool:
        """Wait until the server ends `stream`, or something else is watched: which it was."""
        async with anyio.create_task_group() as tasks:

            async def until_due() -> None:
                await self._due.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_due)
            if stream is None:
                return False
            with suppress(SubscriptionLost):
                async for _ in stream:
                    pass  # each comes to `hear` as well
            tasks.cancel_scope.cancel()
        return not self._due.is_set()

    def _wanted(self) -> Sequence[str]:
        """What to ask for, of what is watched now."""
        self._due = anyio.Event()
        wanted: list[str] = []
        letters = 0
        for uri in filter(URI.fullmatch, self.watched):
            letters += len(uri)
            if len(wanted) == MOST_WATCHED or letters > MOST_LETTERS:
                if not self._is_crowded:
                    logger.warning("too many documents are watched; not all changes are heard of")
                self._is_crowded = True
                return wanted
            wanted.append(uri)
        self._is_crowded = False
        return wanted


async def _stream(client: Client, uris: Sequence[str], life: AsyncExitStack) -> Subscription:
    """A stream of notices that lasts as long as `life`."""
    with anyio.fail_after(ANSWERED_S):
        return await life.enter_async_context(client.listen(resource_subscriptions=uris))


async def _each(uris: Iterable[str], ask: Callable[[str], Awaitable[object]]) -> None:
    """Ask the server about each of `uris`."""
    free = anyio.CapacityLimiter(AT_ONCE)

    async def one(uri: str) -> None:
        try:
            async with free:
                with anyio.fail_after(ANSWERED_S):
                    await ask(uri)
        except Exception as error:  # it may not have this document, or have gone away
            logger.debug("a document is not watched: %s", type(error).__name__)

    async with anyio.create_task_group() as tasks:
        for uri in uris:
            tasks.start_soon(one, uri)


async def _subscribe(client: Client, uri: str) -> None:
    params = types.SubscribeRequestParams(uri=uri)
    await client.session.send_request(types.SubscribeRequest(params=params), types.EmptyResult)


async def _unsubscribe(client: Client, uri: str) -> None:
    params = types.UnsubscribeRequestParams(uri=uri)
    await client.session.send_request(types.UnsubscribeRequest(params=params), types.EmptyResult)
