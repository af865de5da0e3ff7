"""The paths of a server: the protocol, health, readiness, metrics, who issues tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from toolyard.security.gate import Gate
from toolyard.servers.exchange import exchange_of
from toolyard.servers.front import path_of
from toolyard.servers.metrics import CONTENT_TYPE, Metrics
from toolyard.servers.streams import App, Receive, Scope, Send

MCP_PATH = "/mcp"
HEALTH = "/healthz"
READY = "/readyz"
METRICS = "/metrics"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
METRICS_SCOPE = "metrics"


class Routes:
    """Sends each path to what serves it; any other path is a 404 for those who are let in."""

    def __init__(
        self,
        mcp: App,
        *,
        gate: Gate,
        metrics: Metrics,
        is_ready: Callable[[], bool],
        resource_metadata: Mapping[str, Any] | None,
    ) -> None:
        self._gate = gate
        self._metrics = metrics
        self._is_ready = is_ready
        self._resource_metadata = resource_metadata
        self._apps: dict[str, App] = {
            MCP_PATH: mcp,
            HEALTH: self._health,
            READY: self._ready,
            METRICS: self._show_metrics,
        }
        if resource_metadata is not None:
            self._apps[RESOURCE_METADATA] = self._metadata
            self._apps[RESOURCE_METADATA + MCP_PATH] = self._metadata

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that passed the gate."""
        await self._apps.get(path_of(scope), _nothing_here)(scope, receive, send)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _state("ok", 200)(scope, receive, send)

    async def _ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _state("ready", 200) if self._is_ready() else _state("not ready", 503)
        await answer(scope, receive, send)

    async def _show_metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate.check_scope(exchange_of(scope).caller, METRICS_SCOPE)
        answer = Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})
        await answer(scope, receive, send)

    async def _metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = json.dumps(self._resource_metadata)
        await Response(body, media_type="application/json")(scope, receive, send)


OPEN_PATHS = frozenset({HEALTH, READY, RESOURCE_METADATA, RESOURCE_METADATA + MCP_PATH})
"""Paths that say nothing worth a token."""


def _state(word: str, status: int) -> Response:
    return Response(f"{word}\n", status, media_type="text/plain")


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await Response("Not found.\n", 404, media_type="text/plain")(scope, receive, send)
