"""The body of a request: what a document says about it, and how it is written."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2

from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.nodes import Node, flag_in, table_in, table_of, text_in
from toolyard.clients.openapi.schemas import Schemas
from toolyard.clients.openapi.styles import STYLES, in_query, joined, said
from toolyard.core.errors import InvalidTool, ToolError
from toolyard.egress.body import bounded, json_of, text_bytes
from toolyard.egress.headers import checked_headers
from toolyard.egress.text import media_type

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_ANY = frozenset(("*/*", "application/*", ""))


@dataclass(frozen=True, slots=True)
class Body:
    """How the body of an operation is written; JSON is taken where there is a choice."""

    media: str
    kind: str
    """`json`, `form`, `multipart`, `text` or `binary`."""
    schema: Any
    """As the document has it."""
    required: bool
    description: str
    styles: Mapping[str, tuple[str, bool]] = field(default_factory=dict[str, tuple[str, bool]])
    """Of a form: for a property its style, and whether it explodes."""
    files: frozenset[str] = frozenset()
    """Of a multipart form: the properties that are files."""

    def written(self, value: Any) -> tuple[bytes, str]:
        """The bytes to send for `value`, and their content type; `ToolError` if there are none."""
        match self.kind:
            case "json":
                content = text_bytes(json_of(value))
            case "form":
                content = joined(list(self._pairs(_object(value)))).encode()
            case "multipart":
                return self._multipart(_object(value))
            case "binary":
                content = _decoded(value, "body")
            case _:
                content = text_bytes(said(value))
        return bounded(content), self.media

    def _pairs(self, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name, each in value.items():
            if isinstance(each, dict) and name not in self.styles:
                yield from in_query(name, json_of(each), "form", explode=True)
                continue
            style, explode = self.styles.get(name, ("form", True))
            yield from in_query(name, each, style, explode=explode)

    def _multipart(self, value: Mapping[str, Any]) -> tuple[bytes, str]:
        parts: list[tuple[str, Any]] = []
        for name, each in value.items():
            several = cast("list[Any]", each) if isinstance(each, list) else [each]
            parts += [(name, self._part(name, one)) for one in several]
        if not parts:
            raise ToolError("The body is a form: send at least one of its fields.")
        request = httpx2.Request("POST", "http://form/", files=parts)
        return bounded(request.read()), request.headers["content-type"]

    def _part(self, name: str, value: Any) -> tuple[str | None, bytes, str]:
        if name in self.files:
            return name, _decoded(value, name), "application/octet-stream"
        if isinstance(value, dict | list):
            return None, text_bytes(json_of(value)), "application/json"
        return None, text_bytes(said(value)), "text/plain; charset=utf-8"


def body_of(document: Document, schemas: Schemas, operation: Node) -> Body | None:
    """The body that `operation` takes; `None` if it takes none.

    Raises:
        InvalidTool: It cannot be written.
    """
    if operation.get("requestBody") is None:
        return None
    node = document.resolved(operation["requestBody"], "The body")
    content = table_in(node, "content")
    if not content:
        return None
    said_media, kind = min(((each, _kind(each)) for each in content), key=_preference)
    described = table_of(content[said_media] or {}, f"The body as {said_media[:60]!r}")
    schema = described.get("schema", {})
    return Body(
        media=_sent_as(said_media, kind),
        kind=kind,
        schema=schema,
        required=flag_in(node, "required"),
        description=text_in(node, "description"),
        styles=_styles(table_in(described, "encoding")) if kind == "form" else {},
        files=_files(schemas, schema) if kind == "multipart" else frozenset(),
    )


def _kind(media: str) -> str:
    plain = media_type(media)
    if plain in _ANY or plain.endswith(("/json", "+json")):
        return "json"
    if plain == FORM:
        return "form"
    if plain.startswith("multipart/"):
        return "multipart"
    if plain.startswith("text/") or plain.endswith(("/xml", "+xml", "/yaml", "+yaml")):
        return "text"
    return "binary"


def _preference(choice: tuple[str, str]) -> int:
    media, kind = choice
    order = ("json", "form", "multipart", "text", "binary").index(kind)
    return 2 * order + (media_type(media) != "application/json")


def _sent_as(media: str, kind: str) -> str:
    if kind == "multipart" and media_type(media) != MULTIPART:
        raise InvalidTool(f"Its body is {media[:60]!r}, which is not written here.")
    if kind == "json" and media_type(media) in _ANY:
        return "application/json"
    if "*" in media:
        return "text/plain; charset=utf-8" if kind == "text" else "application/octet-stream"
    try:
        checked_headers({"content-type": media})
    except ToolError:
        raise InvalidTool(f"Its body is {media[:60]!r}, which is no media type.") from None
    return media


def _styles(encoding: Node) -> dict[str, tuple[str, bool]]:
    styles: dict[str, tuple[str, bool]] = {}
    for name, each in encoding.items():
        node = table_of(each or {}, "'encoding'")
        style = text_in(node, "style")
        if not style and "explode" not in node:
            continue
        if style and style not in STYLES["query"]:
            raise InvalidTool(f"The field {name[:60]!r} has the style {style[:20]!r}.")
        used = style or "form"
        styles[name] = used, flag_in(node, "explode", otherwise=used in ("form", "deepObject"))
    return styles


def _files(schemas: Schemas, schema: Any) -> frozenset[str]:
    properties = table_in(schemas.plain(schema), "properties")
    return frozenset(name for name, each in properties.items() if _is_file(schemas, each))


def _is_file(schemas: Schemas, schema: Any) -> bool:
    node = schemas.plain(schema)
    if node.get("type") == "array":
        node = schemas.plain(node.get("items") or {})
    media = node.get("contentMediaType")
    is_encoded = "contentEncoding" in node  # then the text itself goes into the part
    return node.get("format") == "binary" or (isinstance(media, str) and not is_encoded)


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise ToolError("The body is a form: send an object with its fields.")


def _decoded(value: Any, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise ToolError(f"{name!r} takes bytes: write them in base64.") from None
