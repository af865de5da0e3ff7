"""Servers for the tests of the client: ours in this process, ours as a process, and odd ones."""

import json
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import SocketStream, TaskGroup, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream
from tests.support.nursery import Born, nursery
from tests.support.process import free_port

from toolyard import MCPServerBuilder, ToolProtocol

TOOLS = Path(__file__).with_name("tools.py")
STDIO = (sys.executable, str(TOOLS), "--stdio")
ERAS = ("auto", "legacy")


@asynccontextmanager
async def serving(source: ToolProtocol, *, port: int = 0, **limits: float) -> AsyncGenerator[str]:
    """Serve `source` without a token; gives the URL."""
    builder = MCPServerBuilder("served").with_protocol("tools", source).with_port(port)
    async with builder.with_limits(**limits).with_drain(0.1).build() as server:
        yield server.url


class Restartable:
    """A server in a task of its own, always on the same port."""

    def __init__(self, tasks: TaskGroup, source: ToolProtocol) -> None:
        self._tasks, self._source = tasks, source
        self._port = free_port()
        self.url = url_of(self._port)

    async def start(self) -> None:
        """Serve, until `stop`."""
        self._ending, self._ended = anyio.Event(), anyio.Event()
        await self._tasks.start(self._serve)

    async def _serve(self, *, task_status: TaskStatus[None]) -> None:
        async with serving(self._source, port=self._port):
            task_status.started()
            await self._ending.wait()
        self._ended.set()

    async def stop(self) -> None:
        """Serve no more; returns when the port is free."""
        self._ending.set()
        await self._ended.wait()

    async def restart(self) -> None:
        """Stop, and start anew with no memory."""
        await self.stop()
        await self.start()


@asynccontextmanager
async def restartable(source: ToolProtocol) -> AsyncGenerator[Restartable]:
    """A server that serves `source` and is stopped at the end."""
    async with anyio.create_task_group() as tasks:
        server = Restartable(tasks, source)
        await server.start()
        yield server
        await server.stop()


@asynccontextmanager
async def process_on(port: int) -> AsyncGenerator[Born]:
    """A process that serves `tools.py` on `port`, ready; it is killed at the end."""
    with nursery().start(str(TOOLS), str(port)) as process:
        try:
            with anyio.fail_after(30):
                said = await anyio.to_thread.run_sync(
                    process.stdout.readline, abandon_on_cancel=True
                )
            assert said == "ready\n"
            yield process
        finally:
            process.kill()


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/mcp"


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request."""

    method: str
    headers: Mapping[str, str]
    body: Any


Answering = Callable[[Asked], Awaitable[bytes]]


def http(
    status: int, body: object = b"", *, kind: str = "application/json", head: str = ""
) -> bytes:
    """An HTTP answer; what is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n{head}"
    return lines.encode() + b"Connection: close\r\n\r\n" + raw


@asynccontextmanager
async def answering(answer: Answering) -> AsyncGenerator[str]:
    """A server that does what `answer` says and knows nothing of MCP; gives the URL."""

    async def handle(stream: SocketStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.IncompleteRead, anyio.EndOfStream):
                await stream.send(await answer(await asked_on(stream)))

    async with handling(handle) as url:
        yield url


@asynccontextmanager
async def handling(handle: Callable[[SocketStream], Awaitable[None]]) -> AsyncGenerator[str]:
    """A server that does with each connection what `handle` says; gives the URL."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        yield url_of(listener.extra(anyio.abc.SocketAttribute.local_port))
        tasks.cancel_scope.cancel()


async def asked_on(stream: SocketStream) -> Asked:
    """The next HTTP request on a connection."""
    received = BufferedByteReceiveStream(stream)
    head = (await received.receive_until(b"\r\n\r\n", 65_536)).decode()
    first, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", 0))
    body = await received.receive_exactly(length) if length else b"null"
    return Asked(first.split(" ")[0], headers, json.loads(body))


class OldServer:
    """A server of 2025-11-25 that counts its sessions and can forget them."""

    def __init__(self, forgotten: bytes | None = None, *, always_forgets: bool = False) -> None:
        self._always_forgets = always_forgets
        self.sessions = 0
        self.calls = 0
        self.capabilities: Mapping[str, Any] = {"tools": {}}
        self._known = ""
        self._forgotten = forgotten or http(404, {"detail": "no such session"})

    def forget(self) -> None:
        """Know no session any more."""
        self._known = ""

    async def answer(self, asked: Asked) -> bytes:
        """Answer one request."""
        if asked.method != "POST":
            return http(405)
        method = asked.body["method"]
        if method == "initialize":
            return self._open(asked)
        if method == "server/discover":
            return http(400, {"error": "no"})
        if asked.headers.get("mcp-session-id") != self._known:
            return self._forgotten
        if "id" not in asked.body:
            return http(202)
        if self._always_forgets:
            return self._forgotten
        self.calls += method == "tools/call"
        tools = {"tools": [{"name": "add", "inputSchema": {"type": "object"}}]}
        result = tools if method == "tools/list" else {"content": [{"type": "text", "text": "ok"}]}
        return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": result})

    def _open(self, asked: Asked) -> bytes:
        self.sessions += 1
        self._known = f"session-{self.sessions}"
        result: dict[str, Any] = {
            "protocolVersion": "2025-11-25",
            "capabilities": self.capabilities,
            "serverInfo": {"name": "old", "version": "1"},
        }
        body = {"jsonrpc": "2.0", "id": asked.body["id"], "result": result}
        return http(200, body, head=f"Mcp-Session-Id: {self._known}\r\n")


def is_running(pid: int) -> bool:
    """Whether a process does more than wait to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> None:
    """Wait until a process is gone."""
    with anyio.fail_after(5):
        while is_running(pid):  # noqa: ASYNC110  (nothing tells of the end of an orphan)
            await anyio.sleep(0.01)


def open_files() -> int:
    """How many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))
