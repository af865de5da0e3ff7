"""Takes in a request's body, within limits, before anything parses it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from toolyard.core.context import scope_of
from toolyard.security.body import BodyLimits
from toolyard.security.refusal import Refusal

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_NAMED_IN: Mapping[str, tuple[str, str]] = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
}
"""Which parameter of a method names what is used, and as what kind of thing."""


class ClientGone(Exception):
    """The client hung up before its request was complete."""


async def read_body(
    receive: Receive, declared: int | None, bounds: BodyLimits, *, body_s: float
) -> bytes:
    """The whole body.

    Raises:
        Refusal: 413 when it is too large, 408 when it takes too long, 400 when its JSON nests
            too deep or holds too many values.
        ClientGone: The client hung up.
    """
    bounds.check_size(declared or 0)
    parts: list[bytes] = []
    size, more = 0, True
    with anyio.move_on_after(body_s) as scope:
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGone
            part: bytes = message.get("body", b"")
            size += len(part)
            bounds.check_size(size)
            parts.append(part)
            more = message.get("more_body", False)
    if scope.cancelled_caught:
        raise Refusal(408, "framing", f"The body was not complete after {body_s:g} s.")
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    bounds.check_shape(body)
    return body


def scope_needed(body: bytes) -> str | None:
    """The scope that a JSON-RPC request needs, if it names a tool, prompt or resource.

    The handlers check again what the protocol layer has read; this one decides the status
    that HTTP shows, which is settled before they run.
    """
    try:
        request: Any = json.loads(body)
        kind, parameter = _NAMED_IN[request["method"]]
        return scope_of(kind, request["params"][parameter])
    except (ValueError, RecursionError, LookupError, TypeError):
        return None  # no such request: the protocol says what is wrong with it


def is_call(body: bytes) -> bool:
    """Whether a JSON-RPC request calls a tool."""
    needed = scope_needed(body)
    return needed is not None and needed.startswith(scope_of("tool", ""))
