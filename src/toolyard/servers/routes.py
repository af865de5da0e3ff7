"""The paths of a server: the protocol, health, status, metrics, control, who issues tokens."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio
import anyio.to_thread

from toolyard.security.gate import Gate
from toolyard.servers.exchange import exchange_of
from toolyard.servers.metrics import CONTENT_TYPE, Counts, load_writer
from toolyard.servers.paths import (
    CONTROL_PATH,
    HEALTH,
    MCP_PATH,
    METRICS,
    READY,
    RESOURCE_METADATA,
    STATUS,
    path_of,
)
from toolyard.servers.reply import TEXT, reply
from toolyard.servers.streams import App, Receive, Scope, Send

METRICS_SCOPE = "metrics"


class Routes:
    """Sends each path to what serves it; any other path is a 404 for those who are let in."""

    def __init__(
        self,
        mcp: App,
        *,
        gate: Gate,
        metrics: Callable[[], Awaitable[Counts]],
        is_ready: Callable[[], bool],
        health: Callable[[], Awaitable[Mapping[str, Any]]],
        resource_metadata: Mapping[str, Any] | None,
        control: App | None = None,
    ) -> None:
        self._control = control
        self._gate = gate
        self._metrics = metrics
        self._is_ready = is_ready
        self._health_of_sources = health
        self._resource_metadata = resource_metadata
        self._apps: dict[str, App] = {
            MCP_PATH: mcp,
            HEALTH: self._health,
            READY: self._ready,
            METRICS: self._show_metrics,
            STATUS: self._show_status,
        }
        if resource_metadata is not None:
            for path in _metadata_paths(resource_metadata):
                self._apps[path] = self._metadata

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that passed the gate."""
        path = path_of(scope)
        if self._control is not None and f"{path}/".startswith(f"{CONTROL_PATH}/"):
            await self._control(scope, receive, send)
        else:
            await self._apps.get(path, _nothing_here)(scope, receive, send)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, b"ok\n", kind=TEXT)

    async def _ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_ready():
            await reply(send, b"ready\n", kind=TEXT)
        else:
            await reply(send, b"not ready\n", status=503, kind=TEXT)

    async def _show_metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate.check_scope(exchange_of(scope).caller, METRICS_SCOPE)
        await anyio.to_thread.run_sync(load_writer)
        await reply(send, (await self._metrics()).text(), kind=CONTENT_TYPE)

    async def _show_status(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate.check_scope(exchange_of(scope).caller, METRICS_SCOPE)
        state = "ready" if self._is_ready() else "not ready"
        body = json.dumps({"state": state, "sources": await self._health_of_sources()})
        await reply(send, body.encode())

    async def _metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, json.dumps(self._resource_metadata).encode())


def open_paths(resource_metadata: Mapping[str, Any] | None) -> frozenset[str]:
    """The paths that say nothing worth a token."""
    return frozenset({HEALTH, READY, *_metadata_paths(resource_metadata or {})})


def metadata_url(resource: str) -> str:
    """Where clients look for the metadata of the http(s) URL `resource` (RFC 9728, section 3.1)."""
    parts = urlsplit(resource)
    below = "" if parts.path == "/" else parts.path
    return parts._replace(path=RESOURCE_METADATA + below, fragment="").geturl()


def _metadata_paths(resource_metadata: Mapping[str, Any]) -> frozenset[str]:
    """Where the metadata is, with and without the path of the public URL before this server's."""
    public = urlsplit(metadata_url(resource_metadata.get("resource", ""))).path
    own = {RESOURCE_METADATA, RESOURCE_METADATA + MCP_PATH}
    return frozenset({*own, unquote(public).rstrip("/")})


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await reply(send, b"Not found.\n", status=404, kind=TEXT)
