"""Reads, prompts and lists are bounded as calls are, and kept from those without the scope."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError
from tests.servers.harness import (
    ERAS,
    TOKEN,
    ask,
    builder,
    client_of,
    headers_of,
    http_to,
    messages,
    open_session,
    request,
)

from toolyard.core.toolbox import Toolbox
from toolyard.security.token_lines import write_token
from toolyard.security.tokens import Token


def hanging() -> Toolbox:
    tools = Toolbox()

    @tools.resource("slow://document")
    async def document() -> str:  # pyright: ignore[reportUnusedFunction]
        """Never comes."""
        await anyio.sleep_forever()
        return ""

    @tools.prompt
    async def prompt() -> str:  # pyright: ignore[reportUnusedFunction]
        """Never comes."""
        await anyio.sleep_forever()
        return ""

    return tools


@pytest.mark.parametrize("era", ERAS)
async def test_a_document_that_never_comes_is_given_up(era: str) -> None:
    configured = builder(hanging()).with_limits(call_s=0.2)
    async with configured.build() as server, client_of(server, era) as client:
        with anyio.fail_after(5):
            with pytest.raises(MCPError, match=r"did not finish within 0\.2 s"):
                await client.read_resource("slow://document")
            with pytest.raises(MCPError, match=r"did not finish within 0\.2 s"):
                await client.get_prompt("prompt")


async def test_a_document_under_way_does_not_hold_up_a_stop() -> None:
    answers: list[object] = []
    async with (
        builder(hanging()).build() as server,
        http_to(server) as http,
        anyio.create_task_group() as tasks,
    ):

        async def read() -> None:
            answer = await ask(http, "resources/read", {"uri": "slow://document"})
            answers.append(messages(answer)[0]["error"]["message"])

        tasks.start_soon(read)
        with anyio.fail_after(5):
            while not server._calls._due:
                await anyio.lowlevel.checkpoint()
            await server.stop(0.1)

    assert "stopping" in str(answers)


@pytest.mark.parametrize("era", ERAS)
async def test_a_prompt_added_later_is_served(era: str) -> None:
    tools = Toolbox()
    async with builder(tools).build() as server, client_of(server, era) as client:
        with pytest.raises(MCPError):
            await client.list_prompts()

        tools.prompt(name="late")(_words)

        with anyio.fail_after(5):
            while True:
                try:
                    listed = (await client.list_prompts()).prompts
                    break
                except MCPError:
                    await anyio.sleep(0.01)
    assert [prompt.name for prompt in listed] == ["late"]


def _words() -> str:
    """Some words."""
    return "words"


def two_documents() -> Toolbox:
    tools = Toolbox()
    tools.resource("open://a")(_words)
    tools.resource("secret://b")(_words)
    return tools


async def test_a_token_hears_only_of_documents_it_may_read() -> None:
    tools = two_documents()
    configured = builder(tools).with_bearer_token(TOKEN, scopes=["resource:open://*"])
    async with configured.build() as server:
        async with client_of(server, "2026-07-28", TOKEN) as client:
            wanted = ["open://a", "secret://b"]
            async with client.listen(resource_subscriptions=wanted) as stream:
                assert list(stream.honored.resource_subscriptions or ()) == ["open://a"]
        async with client_of(server, "legacy", TOKEN) as client:
            hidden = types.SubscribeRequestParams(uri="secret://b")
            with pytest.raises(MCPError, match="scope"):
                await client.session.send_request(
                    types.SubscribeRequest(params=hidden), types.EmptyResult
                )


@pytest.mark.parametrize("now", [None, ["tool:add"]], ids=["revoked", "narrowed"])
@pytest.mark.parametrize("era", ERAS)
async def test_a_token_that_is_revoked_or_narrowed_hears_no_more(
    era: str, now: list[str] | None, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.jsonl"
    record = Token.of(TOKEN, "listener", ["*"])
    tokens.write_text(write_token(record) + "\n")
    tokens.chmod(0o600)
    tools = two_documents()
    async with builder(tools).with_token_file(tokens).build() as server:
        ended = anyio.Event()
        async with anyio.create_task_group() as tasks, http_to(server, TOKEN) as http:

            async def hear() -> None:
                async with _stream(http, era) as response:
                    opened.set()
                    async for _ in response.aiter_bytes():
                        pass
                ended.set()

            opened = anyio.Event()
            tasks.start_soon(hear)
            with anyio.fail_after(5):
                await opened.wait()
            left = "" if now is None else write_token(Token.of(TOKEN, "listener", now)) + "\n"
            tokens.write_text(left)
            with anyio.fail_after(5):
                await ended.wait()


@asynccontextmanager
async def _stream(http: httpx2.AsyncClient, era: str) -> AsyncGenerator[httpx2.Response]:
    """The answer that stays open, in either era."""
    if era == "legacy":
        session = {**await open_session(http), "accept": "text/event-stream"}
        async with http.stream("GET", "/mcp", headers=session, timeout=10) as response:
            yield response
    else:
        body = request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        async with http.stream(
            "POST", "/mcp", json=body, headers=headers_of(body), timeout=10
        ) as response:
            yield response
