"""What is sent: the query and the body, encoded once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from toolyard.core.errors import ToolError

MAX_BODY_BYTES = 4_194_304

Scalar = str | float | bool
Query = Mapping[str, Scalar | Sequence[Scalar]]
"""By name; a list is sent as several parameters of that name."""


def encoded_query(query: Query) -> str:
    """`query` percent-encoded, booleans as `true` and `false`."""
    pairs = [
        (name, _said(each))
        for name, value in query.items()
        for each in (value if isinstance(value, list | tuple) else (value,))
    ]
    try:
        return urlencode(pairs)
    except UnicodeError:
        raise ToolError("The query holds half a character; send whole ones.") from None


def encoded_body(body: Any) -> tuple[bytes | None, str | None]:
    """The bytes to send for text or any other JSON value, and their content type.

    Text goes out as it is; if it is the text of a JSON object or array, it is said to be JSON.
    """
    if body is None:
        return None, None
    text = body if isinstance(body, str) else json_of(body)
    encoded = bounded(text_bytes(text))
    if isinstance(body, str) and not _is_json(text):
        return encoded, "text/plain; charset=utf-8"
    return encoded, "application/json"


def text_bytes(text: str) -> bytes:
    """`text` in UTF-8; `ToolError` if that cannot hold it."""
    try:
        return text.encode()
    except UnicodeError:
        raise ToolError("The body holds half a character; send whole ones.") from None


def bounded(body: bytes) -> bytes:
    """`body`; `ToolError` if it is too large to be sent."""
    if len(body) > MAX_BODY_BYTES:
        raise ToolError(f"The body has over {MAX_BODY_BYTES} bytes; send less.")
    return body


def json_of(body: Any) -> str:
    """The JSON text of `body`; `ToolError` if it has none."""
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ToolError("The body is no JSON value; send text or JSON.") from None


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
