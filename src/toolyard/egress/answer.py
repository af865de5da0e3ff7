"""An answer as it is given back, in Python and to a model."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolyard.core.content import Content, Image, Text
from toolyard.core.errors import ToolError
from toolyard.core.tool import ToolResult
from toolyard.egress.message import Incoming
from toolyard.egress.text import media_type, text_of

MOST_HEADERS = 64
MOST_HEADER_CHARS = 4096
"""Of each header; an answer's longer ones are cut for the model."""

_IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to a request."""

    url: str
    """Where it came from in the end, after redirects."""
    status: int
    headers: Mapping[str, str]
    """By name in lower case; several of one name are joined by a comma, cookies by a newline."""
    body: str
    """Text as it is, or as Markdown; anything else as a `data:` URI in base64."""
    truncated: bool
    """Whether the body went on beyond `max_response_bytes`."""
    content: bytes = field(repr=False)
    """The body as it came, decompressed."""
    is_text: bool

    def json(self) -> Any:
        """The body's JSON value; `ToolError` if it is none, or was cut short."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise ToolError("The answer is not valid JSON.") from None

    @property
    def media_type(self) -> str:
        """The type and subtype that the answer says it has, in lower case."""
        return media_type(self.headers.get("content-type", ""))


def answer_of(incoming: Incoming) -> HttpAnswer:
    """`incoming` with its body as text, or as a `data:` URI if it is none."""
    kind = incoming.headers.get("content-type", "")
    text = text_of(incoming.body, kind)
    return HttpAnswer(
        url=incoming.target.url,
        status=incoming.status,
        headers=incoming.headers,
        body=data_uri(incoming.body, media_type(kind)) if text is None else text,
        truncated=incoming.truncated,
        content=incoming.body,
        is_text=text is not None,
    )


def data_uri(content: bytes, kind: str) -> str:
    """`content` as text."""
    return f"data:{kind or 'application/octet-stream'};base64,{base64.b64encode(content).decode()}"


def result_of(answer: HttpAnswer, *, value: Any = None, is_error: bool = False) -> ToolResult:
    """`answer` for a model: status and body as text, a picture as a picture.

    Args:
        answer: What came.
        value: The body as data, where it is more than a text.
        is_error: Whether the model should react to it as to a failure.
    """
    image = _image(answer)
    body = answer.body if value is None else value
    structured = {
        "status": answer.status,
        "headers": _shown_headers(answer.headers),
        "body": f"(a picture of {len(answer.content)} bytes)" if image else body,
        "truncated": answer.truncated,
    }
    blocks: list[Content] = [Text(_text(answer, is_image=image is not None))]
    content = [*blocks, image] if image else blocks
    return ToolResult(content=content, structured=structured, is_error=is_error)


def _image(answer: HttpAnswer) -> Image | None:
    kind = answer.media_type
    if kind not in _IMAGES or answer.truncated or not answer.content:
        return None
    return Image(answer.content, kind)


def _text(answer: HttpAnswer, *, is_image: bool) -> str:
    first = f"{answer.status} {answer.media_type}".rstrip()
    location = answer.headers.get("location")
    if location and 300 <= answer.status < 400:
        first += f" -> {location[:MOST_HEADER_CHARS]}"
    size = len(answer.content)
    if not size:
        return first
    if is_image:
        return f"{first}\n\n(a picture of {size} bytes)"
    if not answer.is_text:
        return f"{first}\n\n({size} bytes that are no text; in base64 in the structured content)"
    cut = f"\n\n(cut after {size} bytes; there is more)" if answer.truncated else ""
    return f"{first}\n\n{answer.body}{cut}"


def _shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:MOST_HEADER_CHARS] for name, value in list(headers.items())[:MOST_HEADERS]}
