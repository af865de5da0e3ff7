"""The HTTP client behind an MCP connection: one pool, and trouble told apart."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Literal

import httpx2

Trouble = Literal["unreachable", "refused", "session"]

MARK = secrets.token_hex(8)
"""Tells our own notes in an error's data from anything a server may send."""

MOST_ERROR_BYTES = 64 * 1024


def http_client(
    url: str, *, headers: Mapping[str, str], auth: httpx2.Auth | None, connect_s: float
) -> httpx2.AsyncClient:
    """A client for one endpoint; whoever gets it closes it.

    Reading has no time limit of its own: every call has a deadline, and a stream of notices may
    be silent for days. Redirects are left to the MCP transport, which stays on the origin.
    """
    return httpx2.AsyncClient(
        headers=dict(headers),
        auth=auth,
        timeout=httpx2.Timeout(connect_s, read=None, write=30, pool=30),
        transport=_Telling(httpx2.AsyncHTTPTransport(), httpx2.URL(url)),
    )


class _Telling(httpx2.AsyncBaseTransport):
    """Turns trouble with the endpoint into a JSON-RPC error that says which trouble it is.

    The SDK would give up the whole connection, with every call on it, when one POST fails.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport, endpoint: httpx2.URL) -> None:
        self._transport = transport
        self._endpoint = endpoint

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        ours = request.method == "POST" and request.url == self._endpoint
        try:
            response = await self._transport.handle_async_request(request)
        except httpx2.TransportError as error:
            if not ours:
                raise
            return _note(503, "unreachable", type(error).__name__)
        if not ours:
            return response
        if response.status_code in (401, 403):
            said = await _message_of(response)
            headers = {
                name: value
                for name, value in response.headers.items()
                if name.lower() == "www-authenticate"
            }
            return _note(response.status_code, "refused", said, headers)
        if response.status_code in (502, 503, 504):
            return _note(response.status_code, "unreachable", await _message_of(response))
        if response.status_code == 404 and "mcp-session-id" in request.headers:
            await response.aclose()
            return _note(404, "session", "")
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


def _note(
    status: int, trouble: Trouble, said: str, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    data = {MARK: trouble, "status": status}
    error = {"code": -32000, "message": said or trouble, "data": data}
    body = {"jsonrpc": "2.0", "id": None, "error": error}
    return httpx2.Response(status, headers=dict(headers or {}), json=body)


async def _message_of(response: httpx2.Response) -> str:
    """The sentence in an error's body, if it has one."""
    try:
        raw = bytearray()
        async for part in response.aiter_bytes():
            raw += part
            if len(raw) > MOST_ERROR_BYTES:
                return ""
        body: Any = json.loads(raw)
        return str(body["error"]["message"])[:500]
    except (ValueError, LookupError, TypeError, httpx2.HTTPError):
        return ""
    finally:
        await response.aclose()


def trouble_in(data: object) -> tuple[Trouble, int] | None:
    """Our own note in a JSON-RPC error's data, with the HTTP status."""
    if isinstance(data, dict) and MARK in data:
        return data[MARK], data["status"]  # pyright: ignore[reportUnknownVariableType]
    return None
