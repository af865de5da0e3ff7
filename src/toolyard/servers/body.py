"""Takes in a request's body, within limits, before anything parses it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from toolyard.security.body import BodyLimits
from toolyard.security.refusal import Refusal

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_NAMED_IN: Mapping[str, tuple[str, str]] = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
}
"""Which parameter of a method names what is used, and as what kind of thing."""


CALL = "tools/call"
_BULKY = frozenset({CALL, "prompts/get", "completion/complete"})
"""The methods whose parameters may be as large as a body; so may an answer to a question."""
SMALL_BYTES = 64 * 1024
MOST_VALUES = 1_000


class ClientGone(Exception):
    """The client hung up before its request was complete."""


async def read_body(receive: Receive, declared: int | None, bounds: BodyLimits) -> bytes:
    """The whole body.

    Raises:
        Refusal: 413 when it is too large, 400 when its JSON nests too deep or holds too many
            values.
        ClientGone: The client hung up.
    """
    bounds.check_size(declared or 0)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        bounds.check_size(size)
        parts.append(part)
        more = message.get("more_body", False)
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    bounds.check_shape(body)
    return body


@dataclass(frozen=True, slots=True)
class Said:
    """What the JSON-RPC message in a body is about, as far as it must be known beforehand.

    The handlers check again what the protocol layer has read; this decides the status that HTTP
    shows, which is settled before they run. What is no message says nothing.
    """

    method: str | None = None
    goes_on: bool = False
    """It is an answer or a notice: it belongs to something that is under way."""
    named: tuple[str, str] | None = None
    """The kind and the name, if a tool, a prompt or a document is named."""

    @property
    def is_call(self) -> bool:
        """Whether it calls a tool."""
        return self.method == CALL


def said_in(body: bytes) -> Said:
    """What `body` says.

    Raises:
        Refusal: 413: it is larger than such a message has any reason to be.
    """
    try:
        message = _object(json.loads(body))
    except (ValueError, RecursionError):
        return Said()
    if "method" not in message:
        return Said(goes_on="result" in message or "error" in message)
    method, params = message["method"], _object(message.get("params"))
    _refuse_bulk(len(body), method, params)
    return Said(str(method), "id" not in message, _named(method, params))


def _object(value: Any) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _named(method: Any, params: Mapping[str, Any]) -> tuple[str, str] | None:
    try:
        kind, parameter = _NAMED_IN[method]
        return kind, str(params[parameter])
    except (LookupError, TypeError):
        return None


def _refuse_bulk(size: int, method: Any, params: Mapping[str, Any]) -> None:
    """What is sent to be remembered, or looked into, costs many times its size."""
    if size <= SMALL_BYTES:
        return
    if not isinstance(method, str) or method not in _BULKY:
        raise Refusal(413, "size", f"A message of this kind has {SMALL_BYTES} bytes at most.")
    for part in ("_meta", "inputResponses"):
        if _values_in(params.get(part)) > MOST_VALUES:
            raise Refusal(413, "size", f"{part} may hold {MOST_VALUES} values at most.")


def _values_in(value: Any) -> int:
    """How many values there are, counted until there are too many."""
    waiting, count = [value], 0
    while waiting and count <= MOST_VALUES:
        inner: Any = waiting.pop()
        count += 1
        if isinstance(inner, dict):
            waiting.extend(cast("dict[str, Any]", inner).values())
        elif isinstance(inner, list):
            waiting.extend(cast("list[Any]", inner))
    return count
