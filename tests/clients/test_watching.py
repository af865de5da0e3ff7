"""A server is asked for what somebody watches, within bounds, and believed about nothing else."""

from collections.abc import Callable

import anyio
import mcp_types as types
import pytest
from tests.clients.serving import ERAS
from tests.servers.harness import builder
from tests.support.asked import AskedToolbox

from toolyard import Change, MCPClient, Toolbox
from toolyard.clients import watching
from toolyard.clients.notices import Notices
from toolyard.core.protocol import WatchProtocol
from toolyard.servers.tool_server import ToolServer

NOTES = "notes://0"


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(15):
        while not holds():  # noqa: ASYNC110  (nothing tells of what the server is asked for)
            await anyio.sleep(0.01)


def library() -> Toolbox:
    box = Toolbox()
    box.resource(NOTES)(lambda: "words")
    return box


def watch(client: MCPClient, uri: str) -> Callable[[], None]:
    assert isinstance(client.library, WatchProtocol)
    return client.library.watch(uri)


def demand_on(server: ToolServer) -> set[str]:
    return set(server.registry.library.watched)


async def test_word_of_a_document_that_nobody_watches_is_not_passed_on() -> None:
    notices, heard = Notices(), list[Change]()
    notices.subscribe(heard.append)
    params = types.ResourceUpdatedNotificationParams(uri=NOTES)
    word = types.ResourceUpdatedNotification(params=params)

    await notices.hear(word)
    unwatch = notices.watching.watched.watch(NOTES)
    assert heard == []
    await notices.hear(word)
    unwatch()
    await notices.hear(word)
    assert heard == [Change("resource", NOTES)]


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_is_asked_for_no_more_than_it_may_take(
    era: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watching, "MOST_WATCHED", 20)
    monkeypatch.setattr(watching, "MOST_LETTERS", 500)
    async with builder(library()).build() as server, MCPClient(server.url, revision=era) as client:
        client.subscribe(lambda change: None)
        unwatch = [watch(client, f"notes://{number}") for number in range(25)]
        await until(lambda: len(demand_on(server)) == 20)
        assert "too many documents" in caplog.text
        for end in unwatch[1:]:
            end()
        watch(client, "notes://late")
        watch(client, "notes://" + "x" * 500)
        await until(lambda: demand_on(server) == {NOTES, "notes://late"})


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_no_uri_does_not_keep_others_from_being_watched(era: str) -> None:
    source, heard = library(), list[Change]()
    async with builder(source).build() as server, MCPClient(server.url, revision=era) as client:
        client.subscribe(heard.append)
        for uri in ("", "no uri", "notes://a\nb", NOTES):
            watch(client, uri)
        await until(lambda: demand_on(server) == {NOTES})
        heard.clear()
        source.changed(NOTES)
        await until(lambda: Change("resource", NOTES) in heard)


@pytest.mark.parametrize("era", ERAS)
async def test_what_stays_watched_is_watched_without_a_gap(era: str) -> None:
    source = AskedToolbox()
    source.resource(NOTES)(lambda: "words")
    async with builder(source).build() as server, MCPClient(server.url, revision=era) as client:
        client.subscribe(lambda change: None)
        watch(client, NOTES)
        for number in range(1, 4):
            unwatch = watch(client, f"notes://{number}")
            await until(lambda: len(demand_on(server)) == 2)
            unwatch()
            await until(lambda: demand_on(server) == {NOTES})
        assert source.asked.left == ["notes://1", "notes://2", "notes://3"]
