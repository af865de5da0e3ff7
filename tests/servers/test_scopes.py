"""What a token sees and may use, in both eras."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from tests.servers.harness import (
    ERAS,
    TOKEN,
    ask,
    builder,
    client_of,
    http_to,
    legacy,
    open_session,
)

from toolyard.core.context import CallContext
from toolyard.core.tool import Tool
from toolyard.core.toolbox import Toolbox
from toolyard.servers.tool_server import ToolServer

WORDS = ("few", "nothing", "family", "admin")
FEW, NOTHING, FAMILY, ADMIN = (f"{word}-{TOKEN}" for word in WORDS)


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    tools = Toolbox()
    for name in ("files_read", "files_write", "add"):
        tools.add(_nothing, name=name, description="Do nothing.")
    tools.add(_nothing, name="admin_reset", description="Do nothing.", scope="admin")
    for name in ("greet", "insult"):
        tools.prompt(name=name)(_words)
    for uri in ("notes://a", "notes://b", "secret://c"):
        tools.resource(uri)(_words)
    tools.resource("notes://day/{day}")(_of_day)
    configured = (
        builder(tools)
        .with_bearer_token(TOKEN)
        .with_bearer_token(FEW, scopes=["tool:add", "prompt:greet", "resource:notes://a"])
        .with_bearer_token(FAMILY, scopes=["tool:files_*", "prompt:*", "resource:notes:*"])
        .with_bearer_token(NOTHING, scopes=[])
        .with_bearer_token(ADMIN, scopes=["admin", "tool:add"])
    )
    async with configured.build() as running:
        yield running


async def _nothing() -> None:
    """Do nothing."""


async def _words() -> str:
    """Some words."""
    return "words"


async def _of_day(day: str) -> str:
    """The words of a day."""
    return day


async def seen(client: Client) -> tuple[set[str], set[str], set[str], set[str]]:
    tools = {tool.name for tool in (await client.list_tools()).tools}
    prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
    documents = {str(each.uri) for each in (await client.list_resources()).resources}
    listed = (await client.list_resource_templates()).resource_templates
    return tools, prompts, documents, {each.uri_template for each in listed}


EVERYTHING = (
    {"files_read", "files_write", "add"},
    {"greet", "insult"},
    {"notes://a", "notes://b", "secret://c"},
    {"notes://day/{day}"},
)
SEEN: list[tuple[str, Any]] = [
    (TOKEN, EVERYTHING),
    (FEW, ({"add"}, {"greet"}, {"notes://a"}, set[str]())),
    (
        FAMILY,
        (
            {"files_read", "files_write"},
            {"greet", "insult"},
            {"notes://a", "notes://b"},
            {"notes://day/{day}"},
        ),
    ),
    (ADMIN, ({"add", "admin_reset"}, set[str](), set[str](), set[str]())),
    (NOTHING, (set[str](), set[str](), set[str](), set[str]())),
]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("token", "expected"), SEEN)
async def test_lists_show_what_the_token_may_use(
    server: ToolServer, era: str, token: str, expected: Any
) -> None:
    async with client_of(server, era, token) as client:
        assert await seen(client) == expected


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_listed_can_be_used(server: ToolServer, era: str) -> None:
    async with client_of(server, era, FAMILY) as client:
        assert not (await client.call_tool("files_read", {})).is_error
        assert (await client.get_prompt("insult")).messages
        assert (await client.read_resource("notes://b")).contents
        assert (await client.read_resource("notes://day/monday")).contents


USES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("tools/call", {"name": "files_read"}, {"name": "no_such"}),
    ("prompts/get", {"name": "insult"}, {"name": "no_such"}),
    ("resources/read", {"uri": "secret://c"}, {"uri": "secret://no_such"}),
    ("resources/read", {"uri": "notes://day/monday"}, {"uri": "notes://no_such"}),
]


async def use(
    http: httpx2.AsyncClient, era: str, method: str, params: dict[str, Any]
) -> httpx2.Response:
    if era != "legacy":
        return await ask(http, method, params)
    session = await open_session(http)
    return await http.post("/mcp", content=legacy(method, params), headers=session)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("method", "hidden", "missing"), USES)
async def test_what_is_hidden_is_refused_like_what_is_not_there(
    server: ToolServer, era: str, method: str, hidden: dict[str, Any], missing: dict[str, Any]
) -> None:
    kind = method.split("/")[0].removesuffix("s")
    texts: list[str] = []
    async with http_to(server, FEW) as http:
        for params in (hidden, missing):
            (name,) = params.values()
            answer = await use(http, era, method, params)
            assert answer.status_code == 403
            challenge = answer.headers["www-authenticate"]
            assert challenge.endswith(f'error="insufficient_scope", scope="{kind}:{name}"')
            texts.append(answer.text.replace(name, "NAME"))
    assert texts[0] == texts[1]


async def test_who_may_do_everything_learns_what_is_missing(server: ToolServer) -> None:
    async with client_of(server, "auto", TOKEN) as client:
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("no_such", {})
        assert unknown.value.code == -32602
        with pytest.raises(MCPError) as gone:
            await client.read_resource("notes://no_such")
        assert gone.value.code == -32602


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("token", [TOKEN, FEW, FAMILY])
async def test_a_tool_with_a_scope_of_its_own_is_for_those_who_have_it_by_name(
    server: ToolServer, era: str, token: str
) -> None:
    async with client_of(server, era, ADMIN) as client:
        assert not (await client.call_tool("admin_reset", {})).is_error
    async with http_to(server, token) as http:
        answer = await use(http, era, "tools/call", {"name": "admin_reset"})
    assert "-32001" in answer.text
    assert "admin" in answer.text
    assert (answer.status_code == 403) is (token != TOKEN)  # who may do everything is not read


async def test_an_open_server_lets_everyone_do_everything_but_administer() -> None:
    tools = Toolbox()
    tools.add(_nothing, name="add", description="Do nothing.")
    tools.add(_nothing, name="reset", description="Do nothing.", scope="admin")
    async with builder(tools).build() as server, client_of(server, "auto") as client:
        assert not (await client.call_tool("add", {})).is_error
        assert [tool.name for tool in (await client.list_tools()).tools] == ["add"]
        with pytest.raises(MCPError, match="admin"):
            await client.call_tool("reset", {})


async def test_a_call_needs_the_scope_of_what_it_meets_not_of_what_was_listed() -> None:
    """The source is listed anew while the call waits, which then meets another tool."""
    source = _SlowToList()
    source.add(_nothing, name="old")
    configured = builder(source).with_bearer_token(TOKEN)
    async with configured.build() as server, client_of(server, ERAS[0], TOKEN) as one:
        source.list_s = 0.3
        source.remove("old")
        source.add(_nothing, name="old", scope="admin")
        with pytest.raises(MCPError, match="This needs the scope 'admin'"):
            await one.call_tool("old")


class _SlowToList(Toolbox):
    list_s = 0.0

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        await anyio.sleep(self.list_s)
        return await super().list_tools(context)
