"""The arguments of a tool: one flat object for all that a request is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from toolyard.clients.openapi.bodies import Body
from toolyard.clients.openapi.nodes import Node, list_in, table_in
from toolyard.clients.openapi.parameters import Parameter
from toolyard.clients.openapi.schemas import MAX_CHARS, MAX_DESCRIPTION, Schemas, short
from toolyard.core.errors import InvalidTool
from toolyard.core.portable import Schema

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_NAME = 64
_FLAT = frozenset(
    (
        "additionalProperties", "default", "deprecated", "description", "discriminator", "example",
        "examples", "externalDocs", "properties", "required", "title", "type", "xml",
    )
)  # fmt: skip
"""What an object may say and still be spread out; anything else holds for it as a whole."""
_BYTES: Schema = {"type": "string", "contentEncoding": "base64"}
WHOLE = "body"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which argument is what, and the schema of them all."""

    parameters: Mapping[str, Parameter]
    """By the name of their argument."""
    fields: Mapping[str, str]
    """Of a body that is spread out: its properties by the name of their argument."""
    whole_body: str | None
    """The argument that is the body."""
    schema: Schema
    chars: int
    """How long the schema is as JSON."""

    def body(self, given: Mapping[str, Any], body: Body) -> tuple[bytes, str] | None:
        """The body of a call and its content type; `None` if it has none."""
        if self.whole_body is not None:
            return body.written(given[self.whole_body]) if self.whole_body in given else None
        value = {name: given[each] for each, name in self.fields.items() if each in given}
        return body.written(value) if value or body.required else None


@dataclass(slots=True)
class _Making:
    """Gathers arguments; the first of a name keeps it."""

    schemas: Schemas
    properties: dict[str, Schema] = field(default_factory=dict[str, Schema])
    required: list[str] = field(default_factory=list[str])
    needs: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, name: str, place: str, schema: Any, description: str, *, required: bool) -> str:
        """The name of a new argument."""
        own = self._free(_UNFIT.sub("_", name).strip("_") or place, place)
        translated = self.schemas.translated(schema, self.needs)
        told = short(description, MAX_DESCRIPTION)
        self.properties[own] = {**translated, **({"description": told} if told else {})}
        if required:
            self.required.append(own)
        return own

    def _free(self, name: str, place: str) -> str:
        choices = _choices(name[:_MAX_NAME], place)
        return next(each for each in choices if each not in self.properties)


def arguments_of(parameters: Sequence[Parameter], body: Body | None, schemas: Schemas) -> Arguments:
    """The arguments for `parameters` and `body`.

    A body is spread out where nothing is lost by it; else it is the argument `body`.

    Raises:
        InvalidTool: A schema cannot be said.
    """
    making = _Making(schemas)
    named = {
        making.add(each.name, each.place, each.schema, each.description, required=each.required): (
            each
        )
        for each in parameters
    }
    fields, whole = _body(making, body)
    definitions = schemas.definitions(making.needs)
    schema: Schema = {
        "type": "object",
        "properties": making.properties,
        **({"required": making.required} if making.required else {}),
        "additionalProperties": False,
        **({"$defs": definitions} if definitions else {}),
    }
    chars = len(json.dumps(schema))
    if chars > MAX_CHARS:
        raise InvalidTool(f"What it takes cannot be described in {MAX_CHARS} characters.")
    return Arguments(named, fields, whole, schema, chars)


def _body(making: _Making, body: Body | None) -> tuple[Mapping[str, str], str | None]:
    if body is None:
        return {}, None
    flat = _spread(making.schemas, body)
    if flat is not None:
        return {
            making.add(
                name,
                WHOLE,
                _field(body, name, each),
                "",
                required=name in list_in(flat, "required"),
            ): name
            for name, each in _asked_for(making.schemas, flat)
        }, None
    whole = making.add(
        WHOLE, WHOLE, _whole(making.schemas, body), _told(body), required=body.required
    )
    return {}, whole


def _asked_for(schemas: Schemas, flat: Node) -> Iterator[tuple[str, Any]]:
    for name, each in table_in(flat, "properties").items():
        if schemas.plain(each).get("readOnly") is not True:
            yield name, each


def _spread(schemas: Schemas, body: Body) -> Node | None:
    """The object that the body is, if its properties can be arguments."""
    if body.kind not in ("json", "form", "multipart"):
        return None
    node = schemas.plain(body.schema)
    if node.get("type", "object") != "object" or not table_in(node, "properties"):
        return None
    if not all(key in _FLAT or key.startswith("x-") for key in node):
        return None
    is_closed = node.get("additionalProperties") in (None, False)
    return node if is_closed and (body.required or not list_in(node, "required")) else None


def _field(body: Body, name: str, schema: Any) -> Any:
    if name not in body.files or not isinstance(schema, Mapping):
        return schema
    node = cast("Node", schema)
    notes = {key: node[key] for key in ("title", "description") if key in node}
    return {**({"type": "array", "items": _BYTES} if _is_list(node) else _BYTES), **notes}


def _is_list(node: Node) -> bool:
    return node.get("type") == "array"


def _whole(schemas: Schemas, body: Body) -> Any:
    if body.kind == "binary":
        return _BYTES
    if body.kind == "text":
        return {"type": "string"}
    if body.kind == "json":
        return body.schema
    node = schemas.plain(body.schema)
    properties = table_in(node, "properties")
    written = {name: _field(body, name, each) for name, each in properties.items()}
    return {"type": "object", **node, **({"properties": written} if written else {})}


def _told(body: Body) -> str:
    if body.kind in ("text", "binary"):
        return f"{body.description} (sent as {body.media})".strip()
    return body.description


def _choices(name: str, place: str) -> Iterator[str]:
    yield name
    yield f"{name[: _MAX_NAME - len(place) - 1]}_{place}"
    number = 2
    while True:
        yield f"{name[: _MAX_NAME - 8]}_{number}"
        number += 1
