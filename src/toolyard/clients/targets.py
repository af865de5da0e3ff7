"""Where an MCP server is, and how to get a pair of message streams to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from os import PathLike
from typing import Any
from urllib.parse import urlsplit

import httpx2
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from toolyard.clients.http import http_client
from toolyard.core.errors import ConfigError

Transport = AbstractAsyncContextManager[tuple[Any, Any]]
"""Opens a pair of message streams: what comes in, and what goes out."""

Connect = Callable[[], Transport]


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A server that is started as a process; no shell is involved."""

    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Added to a minimal environment; nothing else of ours reaches the process."""
    cwd: str | PathLike[str] | None = None

    def __post_init__(self) -> None:
        if not self.command:
            raise ConfigError("A server to start needs a command.")

    def connect(self) -> Transport:
        """Start the process; it and its children end with the transport."""
        program = StdioServerParameters(
            command=self.command[0],
            args=list(self.command[1:]),
            env=dict(self.env),
            cwd=None if self.cwd is None else str(self.cwd),
        )
        return stdio_client(program)

    def __str__(self) -> str:
        return f"the server {self.command[0]!r}"


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A server at a URL, and what is sent to it with every request."""

    url: str
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    auth: httpx2.Auth | None = field(default=None, repr=False)
    connect_s: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("A server's URL begins with http:// or https:// and a host.")
        if parts.username or parts.password:
            raise ConfigError("Give credentials as a token or a header, never in the URL.")

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[tuple[Any, Any]]:
        """Open a pool of connections of its own."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        client = http_client(self.url, headers=headers, auth=self.auth, connect_s=self.connect_s)
        async with client, streamable_http_client(self.url, http_client=client) as streams:
            yield streams

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"the server at {parts.scheme}://{parts.netloc}{parts.path}"
