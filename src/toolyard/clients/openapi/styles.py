"""Values as they are written into a URL, a header or a form; each in its place for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, unquote

from toolyard.core.errors import ToolError
from toolyard.egress.body import json_of

Pair = tuple[str, str]
STYLES: Mapping[str, Sequence[str]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""How each place may be written, the usual way first."""
_BETWEEN = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
_LARGEST_EXACT = 2**53
_MOST_DECODING = 4


def encoded(text: str) -> str:
    """`text` percent-encoded but for letters, digits and `-._~`."""
    try:
        return quote(text, safe="")
    except UnicodeError:
        raise ToolError("A value holds half a character; send whole ones.") from None


def said(value: Any) -> str:
    """A value as text; what is no plain value, as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT:
        return str(int(value))  # an integer may come as 3.0, which is the same in JSON
    return json_of(value)


def in_path(name: str, value: Any, style: str, *, explode: bool) -> str:
    """`value` as a part of one segment of a path."""
    start = {"simple": "", "label": ".", "matrix": ";"}[style]
    between = start if explode and start else ","
    if style == "matrix" and not (explode and isinstance(value, list | dict)):
        start = f";{encoded(name)}="
    if isinstance(value, dict):
        equals = "=" if explode else ","
        pairs = _entries(value)
        return start + between.join(f"{encoded(key)}{equals}{encoded(each)}" for key, each in pairs)
    if isinstance(value, list):
        own = f"{encoded(name)}=" if style == "matrix" and explode else ""
        items = cast("list[Any]", value)
        return start + between.join(own + encoded(said(each)) for each in items)
    return start + encoded(said(value))


def in_query(name: str, value: Any, style: str, *, explode: bool) -> Iterator[Pair]:
    """`value` as the parameters of a query or a form, percent-encoded."""
    if value is None:
        return
    if style == "deepObject" and isinstance(value, dict):
        yield from _deep(encoded(name), cast("dict[str, Any]", value))
        return
    between = _BETWEEN.get(style, ",")
    if isinstance(value, dict) and explode:
        yield from ((encoded(key), encoded(each)) for key, each in _entries(value))
    elif isinstance(value, dict):
        parts = (encoded(each) for pair in _entries(value) for each in pair)
        yield encoded(name), between.join(parts)
    elif isinstance(value, list):
        items = [encoded(said(each)) for each in cast("list[Any]", value)]
        together = [between.join(items)] if items else []
        yield from ((encoded(name), each) for each in (items if explode else together))
    else:
        yield encoded(name), encoded(said(value))


def in_header(value: Any, *, explode: bool) -> str:
    """`value` as the text of a header."""
    if isinstance(value, dict):
        equals = "=" if explode else ","
        return ",".join(f"{key}{equals}{each}" for key, each in _entries(value))
    if isinstance(value, list):
        return ",".join(said(each) for each in cast("list[Any]", value))
    return said(value)


def joined(pairs: Sequence[Pair], between: str = "&") -> str:
    """Encoded pairs as one text."""
    return between.join(f"{name}={value}" for name, value in pairs)


def check_segments(path: str) -> None:
    """Raise `ToolError` if a server could read a part of `path` as the way up, or as nothing.

    Some decode a path before they look for `..`, some do it twice, and some cut a segment at `;`.
    """
    for segment in path.split("/")[1:]:
        for piece in _decoded(segment).replace("\\", "/").split("/"):
            if piece.partition(";")[0].strip() in (".", ".."):
                raise ToolError("A value in the path leads out of its place ('.' or '..').")
            if any(not character.isprintable() for character in piece):
                raise ToolError("A value in the path holds a character that nobody sees.")


def _decoded(segment: str) -> str:
    for _ in range(_MOST_DECODING):
        plain = unquote(segment)
        if plain == segment:
            break
        segment = plain
    return segment


def _entries(value: Any) -> Iterator[Pair]:
    for key, each in cast("Mapping[str, Any]", value).items():
        yield key, said(each)


def _deep(name: str, value: Mapping[str, Any]) -> Iterator[Pair]:
    for key, each in value.items():
        own = f"{name}%5B{encoded(key)}%5D"
        if isinstance(each, dict):
            yield from _deep(own, cast("dict[str, Any]", each))
        elif isinstance(each, list):
            yield from ((own, encoded(said(one))) for one in cast("list[Any]", each))
        else:
            yield own, encoded(said(each))
