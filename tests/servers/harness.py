"""Requests to a real server on the loopback: by hand, as bytes, and with the official client."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
from anyio.abc import SocketStream
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from toolyard.core.protocol import ToolProtocol
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.face import McpFace
from toolyard.servers.tool_server import ToolServer

TOKEN = "a-token-for-these-tests-0123456789abcdef"
MODERN, LEGACY = "2026-07-28", "2025-11-25"
ERAS = [MODERN, "legacy"]
META: Mapping[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def builder(source: ToolProtocol) -> MCPServerBuilder:
    """A server of `source` on a free port of the loopback, open to everyone there."""
    return MCPServerBuilder("tested").with_protocol("tools", source).with_port(0)


def face_of(server: ToolServer) -> McpFace:
    """The face of a server that was asked something which only the SDK answers."""
    assert server.long_way.side is not None
    return server.long_way.side.face


@asynccontextmanager
async def http_to(
    server: ToolServer, token: str | None = None
) -> AsyncGenerator[httpx2.AsyncClient]:
    """An HTTP client whose relative URLs lead to `server`."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}", headers=headers, trust_env=False, timeout=10
    ) as http:
        yield http


@asynccontextmanager
async def client_of(
    server: ToolServer, era: str, token: str | None = None, **options: Any
) -> AsyncGenerator[Client]:
    """The official client; it caches nothing."""
    async with http_to(server, token) as http:
        transport = streamable_http_client(server.url, http_client=http)
        async with Client(transport, mode=era, cache=None, **options) as client:
            yield client


def request(
    method: str, params: Mapping[str, Any] | None = None, *, number: Any = 1
) -> dict[str, Any]:
    """A request of 2026-07-28."""
    whole = {"_meta": dict(META), **(params or {})}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": whole}


def headers_of(body: Mapping[str, Any]) -> dict[str, str]:
    """The headers that 2026-07-28 wants beside `body`."""
    headers = {**ACCEPT, "mcp-protocol-version": MODERN, "mcp-method": body["method"]}
    named = body["params"].get("name", body["params"].get("uri"))
    return headers if named is None else {**headers, "mcp-name": named}


async def ask(
    http: httpx2.AsyncClient,
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    number: Any = 1,
    headers: Mapping[str, str] | None = None,
) -> httpx2.Response:
    """Send one request of 2026-07-28; `headers` come on top."""
    body = request(method, params, number=number)
    return await http.post(
        "/mcp", content=json.dumps(body), headers={**headers_of(body), **(headers or {})}
    )


async def call(http: httpx2.AsyncClient, name: str, **arguments: Any) -> httpx2.Response:
    """Call a tool in the way of 2026-07-28."""
    return await ask(http, "tools/call", {"name": name, "arguments": arguments})


def legacy(method: str, params: Mapping[str, Any] | None = None, *, number: Any = 0) -> str:
    """A request of the handshake revisions."""
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})


INITIALIZE = {
    "protocolVersion": LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "tester", "version": "1"},
}


async def open_session(
    http: httpx2.AsyncClient, introduction: Mapping[str, Any] = INITIALIZE
) -> dict[str, str]:
    """Shake hands; gives the headers that later requests of the session carry."""
    opened = await http.post("/mcp", content=legacy("initialize", introduction), headers=ACCEPT)
    assert opened.status_code == 200, opened.text
    session = {**ACCEPT, "mcp-session-id": opened.headers["mcp-session-id"]}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    done = await http.post("/mcp", json=ready, headers=session)
    assert done.status_code == 202
    return session


def messages(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The JSON-RPC messages of an answer, be it plain or a stream."""
    if answer.headers["content-type"].startswith("application/json"):
        return [answer.json()]
    lines = answer.text.splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def head(method: str = "GET", target: str = "/healthz", *fields: str) -> bytes:
    """The head of an HTTP/1.1 request, with a Host unless `fields` hold one."""
    host = [] if any(field.lower().startswith("host") for field in fields) else ["Host: 127.0.0.1"]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *host, *fields, "", ""]).encode("latin-1")


@asynccontextmanager
async def raw(server: ToolServer) -> AsyncGenerator[SocketStream]:
    """A bare connection."""
    async with await anyio.connect_tcp("127.0.0.1", server.port) as stream:
        yield stream


async def status_of(stream: SocketStream) -> int:
    """The status of the next answer; 0 if the connection ends without one."""
    received = b""
    with anyio.fail_after(5):
        while b"\r\n\r\n" not in received:
            try:
                received += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return 0
    return int(received.split()[1])


async def everything_from(stream: SocketStream) -> bytes:
    """All that comes until the other end closes the connection."""
    received = b""
    with anyio.fail_after(10):
        while True:
            try:
                received += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return received


async def answer_to(server: ToolServer, data: bytes) -> int:
    """The status that `data` gets on a connection of its own; 0 if it is just closed."""
    async with raw(server) as stream:
        try:
            await stream.send(data)
        except anyio.BrokenResourceError:
            return 0
        return await status_of(stream)


async def is_well(server: ToolServer) -> bool:
    """Whether a new client is served."""
    return await answer_to(server, head()) == 200
