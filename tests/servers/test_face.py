"""What clients hear of changes, and lists in pages."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from tests.servers.harness import (
    ERAS,
    MODERN,
    ask,
    builder,
    client_of,
    face_of,
    http_to,
    legacy,
    messages,
    open_session,
)

from toolyard.core.toolbox import Toolbox
from toolyard.servers.pages import page, pages
from toolyard.servers.tool_server import ToolServer


async def _words() -> str:
    """Some words."""
    return "words"


def library(*tools: str) -> Toolbox:
    box = Toolbox()
    for name in tools or ("one",):
        box.add(_words, name=name)
    box.prompt(name="greet")(_words)
    box.resource("notes://a")(_words)
    return box


class Hearing:
    """What a client was told, in either era."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: list[str] = []

    def tell(self, kind: str) -> None:
        self.told.append(kind)

    async def hear(self, *expected: str) -> None:
        """Wait for `expected`, and see that nothing else came."""
        with anyio.fail_after(5):
            while len(self.told) < len(expected):
                await anyio.lowlevel.checkpoint()
        await self.client.list_tools()
        await self.client.list_tools()
        assert self.told == list(expected)
        self.told.clear()


KINDS = {
    "ToolsListChanged": "tools",
    "ToolListChangedNotification": "tools",
    "PromptsListChanged": "prompts",
    "PromptListChangedNotification": "prompts",
    "ResourcesListChanged": "resources",
    "ResourceListChangedNotification": "resources",
}


def kind_of(event: Any) -> str:
    name = type(event).__name__
    if name in KINDS:
        return KINDS[name]
    return str(event.uri if hasattr(event, "uri") else event.params.uri)


@asynccontextmanager
async def hearing(server: ToolServer, era: str, *uris: str) -> AsyncGenerator[Hearing]:
    """A client that hears of every kind of change, and of the documents `uris`."""
    if era == "legacy":
        heard: list[Any] = []

        async def note(message: Any) -> None:
            heard.append(message)
            listener.tell(kind_of(message))

        async with client_of(server, era, message_handler=note) as client:
            listener = Hearing(client)
            for uri in uris:
                asked = types.SubscribeRequest(params=types.SubscribeRequestParams(uri=uri))
                await client.session.send_request(asked, types.EmptyResult)
            await stream_is_open(server)
            yield listener
        return
    async with (
        client_of(server, MODERN) as client,
        client.listen(
            tools_list_changed=True,
            prompts_list_changed=True,
            resources_list_changed=True,
            resource_subscriptions=uris,
        ) as events,
        anyio.create_task_group() as tasks,
    ):
        listener = Hearing(client)

        async def follow() -> None:
            async for event in events:
                listener.tell(kind_of(event))

        tasks.start_soon(follow)
        yield listener
        tasks.cancel_scope.cancel()


async def stream_is_open(server: ToolServer) -> None:
    """Wait until a session's stream of notices is there."""
    with anyio.fail_after(5):
        while not server._front._streams:
            await anyio.lowlevel.checkpoint()
    for _ in range(20):  # the SDK sets it up a few steps after the request came in
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("era", ERAS)
async def test_a_change_outside_any_call_is_told_once(era: str) -> None:
    box = library()
    async with builder(box).build() as server, hearing(server, era) as client:
        box.add(_words, name="two")
        await client.hear("tools")
        assert [tool.name for tool in (await client.client.list_tools()).tools] == ["one", "two"]

        box.remove("one")
        await client.hear("tools")
        assert [tool.name for tool in (await client.client.list_tools()).tools] == ["two"]

        box.prompt(name="insult")(_words)
        await client.hear("prompts")
        prompts = (await client.client.list_prompts()).prompts
        assert [prompt.name for prompt in prompts] == ["greet", "insult"]

        box.resource("notes://b")(_words)
        await client.hear("resources")
        documents = (await client.client.list_resources()).resources
        assert [str(each.uri) for each in documents] == ["notes://a", "notes://b"]


@pytest.mark.parametrize("era", ERAS)
async def test_five_hundred_changes_at_once_are_few_notices(era: str) -> None:
    box = library()
    async with builder(box).build() as server, hearing(server, era) as client:
        for number in range(500):
            box.add(_words, name=f"more_{number}")
        await client.hear("tools")
        assert len((await client.client.list_tools()).tools) == 501


@pytest.mark.parametrize("era", ERAS)
async def test_a_changed_document_is_told_to_those_who_watch_it(era: str) -> None:
    box = library()
    async with (
        builder(box).build() as server,
        hearing(server, era, "notes://a") as watching,
        hearing(server, era) as other,
    ):
        box.changed("notes://b")
        box.changed("notes://a")
        await watching.hear("notes://a")
        await other.hear()
        if era == "legacy":
            params = types.UnsubscribeRequestParams(uri="notes://a")
            asked = types.UnsubscribeRequest(params=params)
            await watching.client.session.send_request(asked, types.EmptyResult)
            box.changed("notes://a")
            await watching.hear()


@pytest.mark.parametrize("era", ERAS)
async def test_the_next_call_sees_a_change_at_once(era: str) -> None:
    box = library()
    async with builder(box).build() as server, client_of(server, era) as client:
        box.add(_words, name="two")
        assert not (await client.call_tool("two", {})).is_error
        box.remove("two")
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("two", {})
        assert unknown.value.code == -32602


async def test_a_stream_of_notices_ends_when_its_client_goes() -> None:
    box = library()
    async with builder(box).build() as server:
        for era in ERAS:
            async with hearing(server, era):
                pass
        with anyio.fail_after(5):
            while server._front._streams._open or face_of(server)._listen._streams:
                await anyio.lowlevel.checkpoint()
        box.add(_words, name="two")


NAMES = ["zeta", "alpha", "mid", "beta", "omega"]


async def pages_of(client: Client, method: str) -> list[list[str]]:
    found: list[list[str]] = []
    cursor: str | None = None
    while True:
        listed: Any = await getattr(client, f"list_{method}")(cursor=cursor)
        found.append([str(getattr(each, "uri", each.name)) for each in getattr(listed, method)])
        cursor = listed.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("era", ERAS)
async def test_long_lists_come_in_pages_in_a_stable_order(era: str) -> None:
    box = library(*NAMES)
    for name in NAMES[:2]:
        box.prompt(name=name)(_words)
        box.resource(f"notes://{name}")(_words)
    async with (
        builder(box).with_limits(page_size=2).build() as server,
        client_of(server, era) as client,
    ):
        for _ in range(2):
            tools = await pages_of(client, "tools")
            assert tools == [["zeta", "alpha"], ["mid", "beta"], ["omega"]]
        assert await pages_of(client, "prompts") == [["greet", "zeta"], ["alpha"]]
        documents = await pages_of(client, "resources")
        assert documents == [["notes://a", "notes://zeta"], ["notes://alpha"]]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "cursor", ["", "x", "YWZ0ZXI6", "YWZ0ZXI6Z29uZQ", "YWZ0ZXI6emV0YQ==", "é", "9" * 9999]
)
async def test_a_cursor_that_was_not_given_out_is_refused(era: str, cursor: str) -> None:
    async with (
        builder(library(*NAMES)).with_limits(page_size=2).build() as server,
        http_to(server) as http,
    ):
        for method in ("tools/list", "prompts/list", "resources/list"):
            if era == "legacy":
                session = await open_session(http)
                body = legacy(method, {"cursor": cursor})
                answer = await http.post("/mcp", content=body, headers=session)
            else:
                answer = await ask(http, method, {"cursor": cursor})
            assert messages(answer)[-1]["error"]["code"] == -32602


@pytest.mark.parametrize("era", ERAS)
async def test_a_cursor_whose_entry_is_gone_is_refused(era: str) -> None:
    box = library(*NAMES)
    async with (
        builder(box).with_limits(page_size=2).build() as server,
        client_of(server, era) as client,
    ):
        cursor = (await client.list_tools()).next_cursor
        box.remove("zeta")
        following = await client.list_tools(cursor=cursor)
        assert [tool.name for tool in following.tools] == ["mid", "beta"]
        box.remove("alpha")
        with pytest.raises(MCPError) as refused:
            await client.list_tools(cursor=cursor)
        assert refused.value.code == -32602


async def test_lists_say_how_long_they_hold_and_for_whom() -> None:
    async with builder(library()).build() as server, http_to(server) as http:
        for method in ("tools/list", "prompts/list", "resources/list", "server/discover"):
            result = (await ask(http, method)).json()["result"]
            assert result["ttlMs"] > 0, method
            assert result["cacheScope"] == "private"
            assert result["resultType"] == "complete"
        read = (await ask(http, "resources/read", {"uri": "notes://a"})).json()["result"]
        assert (read["ttlMs"], read["cacheScope"]) == (0, "private")


async def test_a_client_learns_who_it_talks_to() -> None:
    configured = builder(library()).with_instructions("Be brief.").with_version("7.1")
    async with configured.build() as server:
        for era in ("auto", "legacy"):
            async with client_of(server, era) as client:
                assert client.instructions == "Be brief."
                assert client.server_info is not None
                assert (client.server_info.name, client.server_info.version) == ("tested", "7.1")
                capabilities = client.server_capabilities
                assert isinstance(capabilities, types.ServerCapabilities)
                assert capabilities.tools is not None
                assert capabilities.tools.list_changed is True


async def test_a_server_without_documents_does_not_offer_any() -> None:
    box = Toolbox()
    box.add(_words, name="one")
    async with builder(box).build() as server, client_of(server, "auto") as client:
        capabilities = client.server_capabilities
        assert capabilities is not None
        assert (capabilities.resources, capabilities.prompts) == (None, None)


def identity(name: str) -> str:
    return name


def test_a_short_list_is_one_page_and_the_very_same_object() -> None:
    assert page(NAMES, None, 5, identity) == (NAMES, None)
    assert page(NAMES, None, 5, identity)[0] is NAMES
    assert page([], None, 5, identity) == ([], None)


@pytest.mark.parametrize("names", [[], NAMES[:4], NAMES])
def test_all_pages_at_once_are_what_each_cursor_leads_to(names: list[str]) -> None:
    for size in range(1, 6):
        known = pages(names, size, identity)
        assert known == {cursor: page(names, cursor, size, identity) for cursor in known}
        assert [name for part, _ in known.values() for name in part] == names
        assert {following for _, following in known.values()} == {*known, None}
