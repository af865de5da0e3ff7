"""A service on this machine that keeps what it was asked, and clients of it."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.egress.hosts import LOOPBACK, Answer, Host, Names, hosting, ok

from toolyard import CallContext, OpenAPIClient, Tool, ToolCall, ToolResult

FINE = ok(b'{"fine": true}', "Content-Type: application/json")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    cased = dict(line.split(": ", 1) for line in lines)
    return Asked(method, target, dict(zip(headers, cased.values(), strict=True)), body)


@dataclass(frozen=True, slots=True)
class Service:
    """A client that was entered, and the host it asks."""

    client: OpenAPIClient
    host: Host = field(repr=False)

    async def call(self, tool: str, **arguments: Any) -> ToolResult:
        return await self.client.call_tool(ToolCall(tool, arguments), CallContext())

    async def asked(self, tool: str, **arguments: Any) -> Asked:
        """The request that a call became."""
        before = len(self.host.requests)
        result = await self.call(tool, **arguments)
        assert len(self.host.requests) == before + 1, result.text
        return read(self.host.requests[-1])

    async def refused(self, tool: str, **arguments: Any) -> str:
        """Why nothing was asked."""
        before = len(self.host.requests)
        result = await self.call(tool, **arguments)
        assert result.is_error
        assert len(self.host.requests) == before
        return result.text

    async def tools(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in await self.client.list_tools(CallContext())}


@asynccontextmanager
async def serving(
    document: Mapping[str, Any] | Path, *answers: Answer, path: str = "", **options: Any
) -> AsyncGenerator[Service]:
    """A service that `document` describes, and that gives `answers`."""
    async with (
        hosting(*(answers or (FINE,))) as host,
        client(document, server=host.url(path or "/"), **options) as entered,
    ):
        yield Service(entered, host)


def client(document: Any, **options: Any) -> OpenAPIClient:
    """A client to which this machine is open."""
    opened: dict[str, Any] = {"allow_private": [LOOPBACK], "resolve": Names(), **options}
    return OpenAPIClient(document, **opened)
