"""Takes in a request's body, within limits, before anything parses it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from toolyard.core.context import scope_of
from toolyard.security.refusal import Refusal
from toolyard.servers.limits import Limits

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")

_NAMED_IN: Mapping[str, tuple[str, str]] = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
}
"""Which parameter of a method names what is used, and as what kind of thing."""


class ClientGone(Exception):
    """The client hung up before its request was complete."""


async def read_body(receive: Receive, declared: int | None, limits: Limits) -> bytes:
    """The whole body.

    Raises:
        Refusal: 413 when it is too large, 408 when it takes too long, 400 when its JSON nests
            too deep or holds too many values.
        ClientGone: The client hung up.
    """
    if declared is not None and declared > limits.body_bytes:
        raise _too_large(limits)
    parts: list[bytes] = []
    size, more = 0, True
    with anyio.move_on_after(limits.body_s) as scope:
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGone
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > limits.body_bytes:
                raise _too_large(limits)
            parts.append(part)
            more = message.get("more_body", False)
    if scope.cancelled_caught:
        raise Refusal(408, "framing", f"The body was not complete after {limits.body_s:g} s.")
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    check_shape(body, limits)
    return body


def _too_large(limits: Limits) -> Refusal:
    return Refusal(413, "size", f"The body is larger than {limits.body_bytes} bytes.")


def check_shape(body: bytes, limits: Limits) -> None:
    """Refuse JSON that nests too deep or holds too many values, without parsing it.

    Counting single bytes settles nearly every body; only one that may be over a limit is
    looked at closely, with its strings taken out.
    """
    opened = body.count(b"[") + body.count(b"{")
    if opened <= limits.depth and body.count(b",") + opened <= limits.elements:
        return
    bare = _STRING.sub(b"", body)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > limits.elements:
        raise Refusal(400, "depth", f"The body holds more than {limits.elements} values.")
    depth = 0
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > limits.depth:
            raise Refusal(400, "depth", f"The body nests deeper than {limits.depth}.")


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
