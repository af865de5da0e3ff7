"""Where an MCP server is, and how to get a pair of message streams to it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import httpx2
from mcp.client.streamable_http import streamable_http_client

from toolyard.clients.hearing import Hearing
from toolyard.clients.http import http_client
from toolyard.clients.process import child_process
from toolyard.clients.shortcut import shortened
from toolyard.core.errors import ConfigError

Transport = AbstractAsyncContextManager[tuple[Any, Any]]
"""Opens a pair of message streams: what comes in, and what goes out."""


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A server that is started as a process; no shell is involved."""

    command: Sequence[str] = field(repr=False)
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Added to a minimal environment; nothing else of ours reaches the process."""
    cwd: str | PathLike[str] | None = None

    def __post_init__(self) -> None:
        if not self.command:
            raise ConfigError("A server to start needs a command.")
        given = (*self.command, *self.env, *self.env.values(), os.fspath(self.cwd or ""))
        if not all(map(_is_passable, given)):
            raise ConfigError(
                "A command, its directory and its variables hold no NUL and no broken characters."
            )
        if not all(name and "=" not in name for name in self.env):
            raise ConfigError("The name of a variable is not empty and holds no '='.")

    def connect(self, hearing: Hearing) -> Transport:
        """Start the process; it and its children end with the transport."""
        hearing.opened()
        return child_process(self.command, name=str(self), env=self.env, cwd=self.cwd)

    def __str__(self) -> str:
        return f"the server {PurePath(self.command[0]).name!r}"


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A server at a URL, and what is sent to it with every request."""

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    auth: httpx2.Auth | None = field(default=None, repr=False)
    connect_s: float = 10.0

    def __post_init__(self) -> None:
        if not _is_http(self.url):
            raise ConfigError("A server's URL begins with http:// or https:// and a host.")
        if "@" in urlsplit(self.url).netloc:
            raise ConfigError("Give credentials as a token or a header, never in the URL.")
        if not all(map(_is_plain, (self.token or "", *self.headers, *self.headers.values()))):
            raise ConfigError("Tokens and headers hold visible ASCII characters and spaces only.")

    @asynccontextmanager
    async def connect(self, hearing: Hearing) -> AsyncGenerator[tuple[Any, Any]]:
        """Open a pool of connections of its own."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        http = http_client(
            headers=headers, auth=self.auth, connect_s=self.connect_s, hearing=hearing
        )
        streams = streamable_http_client(self.url, http_client=http, max_sse_event_size=None)
        async with http, streams as pair:
            if self.auth is not None:  # it has a say in every request
                yield pair
                return
            async with shortened(*pair, http, self.url) as shorter:
                yield shorter

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"the server at {parts.scheme}://{parts.netloc}"  # some have a secret in the path


def _is_http(url: str) -> bool:
    try:
        url.encode()
        httpx2.URL(url)
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx2.InvalidURL):
        return False


def _is_passable(text: str) -> bool:
    """Whether a process can be given `text`, as an argument or the like."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
