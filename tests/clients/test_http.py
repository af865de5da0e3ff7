"""Servers that refuse us, that are no MCP servers, and that hang."""

import traceback
from collections.abc import Generator

import anyio
import httpx2
import pytest
from mcp.client.auth.exceptions import OAuthTokenError
from tests.clients.serving import ERAS, Asked, OldServer, answering, http, serving, url_of
from tests.clients.tools import toolbox
from tests.support.process import free_port

from toolyard import CallContext, MCPClient, MCPServerBuilder, ToolCall
from toolyard.core.errors import CallTimeout, NotAdmitted, RemoteFault, ToolyardError, Unreachable

CONTEXT = CallContext()
SECRET = "a-secret-nobody-may-see"
EVERY_ERA = (*ERAS, "2026-07-28")


async def trouble(url: str, era: str, **options: object) -> ToolyardError:
    """What using the server at `url` raises."""
    with anyio.fail_after(10), pytest.raises(ToolyardError) as raised:
        async with MCPClient(url, revision=era, token=SECRET, **options) as client:  # pyright: ignore[reportArgumentType]
            await client.list_tools(CONTEXT)
    assert SECRET not in _everything_in(raised.value)
    return raised.value


def _everything_in(error: BaseException) -> str:
    return "".join(traceback.format_exception(error, chain=True))


@pytest.mark.parametrize("era", EVERY_ERA)
async def test_a_wrong_token_is_not_admitted(era: str) -> None:
    builder = MCPServerBuilder("t").with_protocol("t", toolbox()).with_port(0)
    async with builder.with_bearer_token("another-one").build() as server:
        error = await trouble(server.url, era)
    assert isinstance(error, NotAdmitted)
    assert "HTTP 401" in str(error)
    assert not error.retryable


@pytest.mark.parametrize("era", EVERY_ERA)
async def test_a_forbidden_address_is_not_admitted_and_the_servers_sentence_is_told(
    era: str,
) -> None:
    builder = MCPServerBuilder("t").with_protocol("t", toolbox()).with_port(0)
    async with builder.allow_cidr("192.0.2.0/24").build() as server:
        error = await trouble(server.url, era)
    assert isinstance(error, NotAdmitted)
    assert "HTTP 403" in str(error)
    assert "address" in str(error)


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_beyond_our_scopes_is_not_admitted_and_others_are(era: str) -> None:
    builder = MCPServerBuilder("t").with_protocol("t", toolbox()).with_port(0)
    builder.with_bearer_token(SECRET, scopes=["tool:refuse"])
    async with (
        builder.build() as server,
        MCPClient(server.url, token=SECRET, revision=era) as client,
    ):
        with pytest.raises(NotAdmitted, match=r"\(HTTP 403\): \S"):
            await client.call_tool(ToolCall("count", {"to": 1}), CONTEXT)
        assert (await client.call_tool(ToolCall("refuse"), CONTEXT)).text == "not today"


@pytest.mark.parametrize("era", ERAS)
async def test_a_rate_limit_may_be_over_later(era: str) -> None:
    async with serving(toolbox()) as url:
        assert await reachable(url, era)

    async def answer(asked: Asked) -> bytes:
        error = {"code": -32001, "message": "Too many requests; wait 3 s."}
        return http(429, {"jsonrpc": "2.0", "id": None, "error": error})

    async with answering(answer) as url:
        error = await trouble(url, era)
    assert isinstance(error, Unreachable)
    assert error.retryable
    assert "wait 3 s" in str(error)


async def reachable(url: str, era: str) -> bool:
    async with MCPClient(url, revision=era) as client:
        return bool(await client.list_tools(CONTEXT))


@pytest.mark.parametrize("era", EVERY_ERA)
async def test_nobody_listening_is_unreachable(era: str) -> None:
    error = await trouble(url_of(free_port()), era)
    assert type(error) is Unreachable
    assert "Cannot reach the server at http://127.0.0.1:" in str(error)


@pytest.mark.parametrize("era", EVERY_ERA)
async def test_a_wrong_path_is_said_to_hold_no_server(era: str) -> None:
    async with serving(toolbox()) as url:
        error = await trouble(url.replace("/mcp", "/elsewhere"), era)
    assert isinstance(error, Unreachable)
    assert "no MCP server behind" in str(error)
    assert "404" in str(error)


ODD = {
    "html": (http(200, b"<html>", kind="text/html"), "text/html"),
    "html of a proxy": (http(404, b"<html>", kind="text/html"), "HTTP 404"),
    "another API": (http(404, {"detail": "Not Found"}), "HTTP 404"),
    "nothing": (http(200, b"", kind=""), "nothing"),
    "cut JSON": (http(200, b'{"jsonrpc": "2.0", "id'), "unintelligible"),
    "other JSON": (http(200, {"hello": "you"}), "unintelligible"),
    "deep JSON": (http(400, b"[" * 60_000), "HTTP 400"),
    "no JSON": (http(200, b"\xff\xfe\x00"), "unintelligible"),
    "broken stream": (http(200, b"data: {nope}\n\n", kind="text/event-stream"), "unintelligible"),
    "ended stream": (http(200, b": hello\n\n", kind="text/event-stream"), "ended|went away"),
    "server error": (http(500, b"Traceback (most recent", kind="text/plain"), "HTTP 500"),
    "bad gateway": (http(502, b"", kind="text/html"), "HTTP 502"),
    "cut body": (
        b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        "broke",
    ),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "broke"),
    "silence": (b"", "broke"),
    "accepted": (http(202), "202"),
    "elsewhere": (http(307, head="Location: http://192.0.2.1/mcp\r\n"), "192.0.2.1"),
}


@pytest.mark.parametrize("era", EVERY_ERA)
@pytest.mark.parametrize("odd", ODD)
async def test_what_is_no_mcp_server_gives_a_sentence(odd: str, era: str) -> None:
    raw, expected = ODD[odd]

    async def answer(asked: Asked) -> bytes:
        return raw

    async with answering(answer) as url:
        error = await trouble(url, era)
    assert isinstance(error, (Unreachable, RemoteFault))
    assert any(word in str(error) for word in expected.split("|"))
    assert "Traceback" not in str(error)


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_hangs_while_connecting_is_unreachable_in_time(era: str) -> None:
    async def answer(asked: Asked) -> bytes:
        await anyio.sleep_forever()
        return b""

    async with answering(answer) as url:
        began = anyio.current_time()
        error = await trouble(url, era, connect_s=0.3)
        assert anyio.current_time() - began < 2
    assert isinstance(error, Unreachable)
    assert "in time" in str(error)


async def test_a_server_that_hangs_in_a_call_ends_with_the_calls_time() -> None:
    async def answer(asked: Asked) -> bytes:
        await anyio.sleep_forever()
        return b""

    async with answering(answer) as url:
        error = await trouble(url, "2026-07-28", call_s=0.2)
    assert isinstance(error, CallTimeout)


async def test_leaving_does_not_wait_for_a_server_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.connection.CLOSING_S", 0.2)
    goodbye = anyio.Event()

    async def answer(asked: Asked) -> bytes:
        if asked.method == "DELETE":
            goodbye.set()
            await anyio.sleep_forever()
        if asked.method == "GET":
            return http(405)
        if "id" not in asked.body:
            return http(202)
        result = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "serverInfo": {"name": "slow", "version": "1"},
        }
        body = {"jsonrpc": "2.0", "id": asked.body["id"], "result": result}
        return http(200, body, head="Mcp-Session-Id: one\r\n")

    async with answering(answer) as url:
        with anyio.fail_after(5):
            async with MCPClient(url, revision="legacy"):
                pass
    assert goodbye.is_set()


class Failing(httpx2.Auth):
    """Signs in nowhere."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        raise self._error
        yield request


@pytest.mark.parametrize("era", EVERY_ERA)
async def test_signing_in_that_fails_is_not_admitted(era: str) -> None:
    async with serving(toolbox()) as url:
        with anyio.fail_after(5), pytest.raises(NotAdmitted, match="OAuthTokenError") as raised:
            async with MCPClient(
                url, revision=era, auth=Failing(OAuthTokenError(SECRET))
            ) as client:
                await client.list_tools(CONTEXT)
    assert SECRET not in _everything_in(raised.value)


async def test_signing_in_with_a_bug_ends_the_call_only() -> None:
    async with serving(toolbox()) as url:
        client = MCPClient(url, revision="2026-07-28", auth=Failing(KeyError(SECRET)))
        async with client:
            for _ in range(2):
                with pytest.raises(Unreachable, match="KeyError"):
                    await client.list_tools(CONTEXT)


@pytest.mark.parametrize("silent", ["notifications/initialized", "notifications/cancelled"])
async def test_a_note_that_is_never_taken_keeps_no_call_from_being_made(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolyard.clients.http.TELLING_S", 0.2)
    server, told = OldServer(), anyio.Event()

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body.get("params", {}).get("name") == "hang":
            await anyio.sleep_forever()
        if asked.body and asked.body["method"] == silent:
            told.set()
            await anyio.sleep_forever()
        return await server.answer(asked)

    with anyio.fail_after(10):
        async with answering(answer) as url, MCPClient(url, revision="legacy") as client:
            soon = CallContext(deadline=anyio.current_time() + 0.5)
            with pytest.raises(CallTimeout):
                await client.call_tool(ToolCall("hang"), soon)
            assert (await client.call_tool(ToolCall("add"), CONTEXT)).text == "ok"
            assert told.is_set()
        assert server.sessions == 1


@pytest.mark.parametrize(("auth", "sessions"), [(None, 1), (httpx2.Auth(), 2)])
async def test_a_call_cancelled_by_its_caller_does_not_leave_the_next_one_stuck(
    monkeypatch: pytest.MonkeyPatch, auth: httpx2.Auth | None, sessions: int
) -> None:
    monkeypatch.setattr("toolyard.clients.connection.HELD_UP_S", 0.1)
    server = OldServer()

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body.get("params", {}).get("name") == "hang":
            await anyio.sleep_forever()
        if asked.body and asked.body["method"] == "notifications/cancelled":
            await anyio.sleep_forever()
        return await server.answer(asked)

    with anyio.fail_after(5):
        async with answering(answer) as url, MCPClient(url, revision="legacy", auth=auth) as client:
            for name in ("hang", "add"):
                with anyio.move_on_after(0.3):
                    await client.call_tool(ToolCall(name), CONTEXT)
            assert (await client.call_tool(ToolCall("add"), CONTEXT)).text == "ok"
        assert server.sessions == sessions


async def test_a_handshake_whose_last_word_is_never_taken_is_not_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.http.TELLING_S", 0.5)
    server = OldServer()

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body["method"] == "notifications/initialized":
            await anyio.sleep_forever()
        return await server.answer(asked)

    with anyio.fail_after(5):
        async with answering(answer) as url, MCPClient(url, revision="legacy") as client:
            soon = CallContext(deadline=anyio.current_time() + 0.1)
            with pytest.raises(CallTimeout):
                await client.call_tool(ToolCall("add"), soon)
            assert (await client.call_tool(ToolCall("add"), CONTEXT)).text == "ok"
        assert server.sessions == 1
