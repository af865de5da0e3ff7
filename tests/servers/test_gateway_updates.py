"""A document that changes far away is heard of by who watches it through a gateway."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import product
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client
from tests.clients.serving import ERAS as FAR_ERAS
from tests.clients.serving import restartable
from tests.servers.harness import ERAS, builder, client_of

from toolyard import MCPClient, Toolbox, ToolRegistry
from toolyard.servers.tool_server import ToolServer

NOTES, OTHER = "notes://a", "notes://b"
BOTH = list(product(FAR_ERAS, ERAS))
"""The era towards the server far away, and the one towards the client."""


def library(word: str = "words") -> Toolbox:
    box = Toolbox()
    for uri in (NOTES, OTHER):
        box.resource(uri)(lambda: word)
    return box


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(15):
        while not holds():  # noqa: ASYNC110  (nothing tells of most of what tests wait for)
            await anyio.sleep(0.01)


class Watcher:
    """A client that watches documents in the way of its era, and notes what it hears."""

    def __init__(self, era: str) -> None:
        self.era = era
        self.heard: list[str] = []
        self._client: Client | None = None

    async def hear(self, message: object) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            self.heard.append(message.params.uri)

    @asynccontextmanager
    async def connected(self, server: ToolServer) -> AsyncGenerator[None]:
        async with client_of(server, self.era, message_handler=self.hear) as self._client:
            yield

    @asynccontextmanager
    async def watching(self, *uris: str) -> AsyncGenerator[None]:
        """Until the end, which a client of the handshake revisions has to say."""
        assert self._client is not None
        async with AsyncExitStack() as life:
            if self.era != "legacy":
                listening = self._client.listen(resource_subscriptions=uris)
                await life.enter_async_context(listening)
            else:
                await each(self._client, "subscribe", uris)
            yield
            if self.era == "legacy":
                await each(self._client, "unsubscribe", uris)

    async def hears(self, uri: str, change: Callable[[str], None]) -> None:
        """`change` it, and wait for word of exactly that."""
        self.heard.clear()
        change(uri)
        await until(lambda: uri in self.heard)
        assert set(self.heard) == {uri}


async def each(client: Client, verb: str, uris: tuple[str, ...]) -> None:
    kinds: Any = {
        "subscribe": (types.SubscribeRequest, types.SubscribeRequestParams),
        "unsubscribe": (types.UnsubscribeRequest, types.UnsubscribeRequestParams),
    }
    request, params = kinds[verb]
    for uri in uris:
        await client.session.send_request(request(params=params(uri=uri)), types.EmptyResult)


def demand_on(server: ToolServer) -> list[str]:
    """What the clients of `server` watch."""
    return sorted(server.registry.library.watched)


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_who_watches_hears_and_who_does_not_does_not(far: str, near: str) -> None:
    source, watcher, other = library(), Watcher(near), Watcher(near)
    async with (
        builder(source).build() as upstream,
        builder(MCPClient(upstream.url, revision=far)).build() as gateway,
        watcher.connected(gateway),
        other.connected(gateway),
    ):
        async with watcher.watching(NOTES), other.watching(OTHER):
            await until(lambda: demand_on(upstream) == [NOTES, OTHER])
            await watcher.hears(NOTES, source.changed)
            await other.hears(OTHER, source.changed)
            async with watcher.watching(OTHER):
                await watcher.hears(OTHER, source.changed)
            await other.hears(OTHER, source.changed)
        await until(lambda: demand_on(upstream) == [])


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_a_client_that_goes_away_leaves_no_demand(far: str, near: str) -> None:
    async with (
        builder(library()).build() as upstream,
        builder(MCPClient(upstream.url, revision=far)).build() as gateway,
    ):
        async with AsyncExitStack() as clients:
            for _ in range(3):
                watcher = Watcher(near)
                await clients.enter_async_context(watcher.connected(gateway))
                watching = watcher.watching(NOTES)
                await watching.__aenter__()  # and never says that it ends
            await until(lambda: demand_on(upstream) == [NOTES])
        await until(lambda: demand_on(gateway) == [])
        await until(lambda: demand_on(upstream) == [])


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_a_document_is_watched_again_after_the_server_came_back(far: str, near: str) -> None:
    source, watcher = library(), Watcher(near)
    async with (
        restartable(source) as upstream,
        builder(MCPClient(upstream.url, revision=far)).build() as gateway,
        watcher.connected(gateway),
        watcher.watching(NOTES, OTHER),
    ):
        await until(lambda: source.changed(OTHER) or OTHER in watcher.heard)
        await upstream.stop()
        assert NOTES not in watcher.heard
        await upstream.start()
        await until(lambda: NOTES in watcher.heard)  # what happened meanwhile is unknown
        watcher.heard.clear()
        source.changed(NOTES)
        await until(lambda: NOTES in watcher.heard)


@pytest.mark.parametrize("far", FAR_ERAS)
async def test_a_watched_document_is_followed_over_a_swap(far: str) -> None:
    old, new, watcher = library("old"), library("new"), Watcher("2026-07-28")
    async with (
        builder(old).build() as first,
        builder(new).build() as second,
        builder(MCPClient(first.url, revision=far)).build() as gateway,
        watcher.connected(gateway),
        watcher.watching(NOTES),
    ):
        await until(lambda: demand_on(first) == [NOTES])
        await gateway.registry.swap("tools", MCPClient(second.url, revision=far))
        await until(lambda: watcher.heard == [NOTES])  # it may read differently now
        await until(lambda: (demand_on(first), demand_on(second)) == ([], [NOTES]))
        await watcher.hears(NOTES, new.changed)
        await gateway.registry.remove("tools")
        await until(lambda: demand_on(second) == [])


async def test_documents_are_heard_of_through_two_gateways() -> None:
    source, watcher = library(), Watcher("2026-07-28")
    async with (
        builder(source).build() as upstream,
        builder(MCPClient(upstream.url, revision="legacy")).build() as inner,
        builder(ToolRegistry(Toolbox(), MCPClient(inner.url))).build() as outer,
        watcher.connected(outer),
        watcher.watching(NOTES),
    ):
        await until(lambda: demand_on(upstream) == [NOTES])
        await watcher.hears(NOTES, source.changed)
