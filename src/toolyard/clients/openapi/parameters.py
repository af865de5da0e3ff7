"""The parameters of an operation: where each goes, and how it is written there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.nodes import Node, flag_in, list_in, table_in, text_in
from toolyard.clients.openapi.styles import STYLES
from toolyard.core.errors import InvalidTool, ToolError
from toolyard.egress.headers import checked_headers

_DESCRIBED_ELSEWHERE = frozenset(("accept", "authorization", "content-type"))
"""Headers that a document describes as content and as security, whatever else it says of them."""
_OURS = frozenset(("cookie", "user-agent"))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a request."""

    name: str
    place: str
    """`path`, `query`, `header` or `cookie`."""
    style: str
    explode: bool
    required: bool
    schema: Any
    """As the document has it."""
    description: str
    is_json: bool = False
    """Whether the value is written as JSON."""


def parameters_of(
    document: Document, nodes: Sequence[Node], reserved: Collection[tuple[str, str]]
) -> list[Parameter]:
    """The parameters in the `nodes` of a path and its operation, of which the later counts.

    Args:
        document: Where they stand.
        nodes: A path and an operation.
        reserved: The places and names, those of headers in lower case, that we set ourselves.

    Raises:
        InvalidTool: One of them cannot be written, or cannot be left out.
    """
    found: dict[tuple[str, str], Parameter] = {}
    for node in nodes:
        for each in list_in(node, "parameters"):
            parameter = _parameter(document.resolved(each, "A parameter"))
            found[parameter.place, parameter.name] = parameter
    return list(_offered(found.values(), reserved))


def _offered(
    parameters: Collection[Parameter], reserved: Collection[tuple[str, str]]
) -> Iterator[Parameter]:
    for each in parameters:
        name = each.name.lower() if each.place == "header" else each.name
        if (each.place, name) in reserved:
            continue
        if each.place == "header" and name in _DESCRIBED_ELSEWHERE:
            continue
        if each.place not in ("header", "cookie") or _may_be_set(each):
            yield each
        elif each.required:
            raise InvalidTool(f"It needs the {each.place} {each.name[:60]!r}, which cannot be set.")


def _may_be_set(parameter: Parameter) -> bool:
    if parameter.place == "header" and parameter.name.lower() in _OURS:
        return False
    try:
        checked_headers({parameter.name: ""})
    except ToolError:
        return parameter.place == "cookie" and parameter.name.isidentifier()
    return True


def _parameter(node: Node) -> Parameter:
    name, place = text_in(node, "name"), text_in(node, "in")
    what = f"The parameter {name[:60]!r}"
    if not name or place not in STYLES:
        raise InvalidTool(f"{what} is in {place[:20]!r}, not in {', '.join(STYLES)}.")
    style = text_in(node, "style") or STYLES[place][0]
    if style not in STYLES[place]:
        raise InvalidTool(f"{what} has the style {style[:20]!r}, which is not one of its place.")
    content = table_in(node, "content")
    if content and not all(kind.partition(";")[0].endswith("json") for kind in content):
        raise InvalidTool(f"{what} is written as something else than JSON.")
    described = next(iter(content.values()), None) if content else node
    return Parameter(
        name=name,
        place=place,
        style=style,
        explode=flag_in(node, "explode", otherwise=style in ("form", "deepObject")),
        required=place == "path" or flag_in(node, "required"),
        schema=(described or {}).get("schema", {"type": "string"}),
        description=text_in(node, "description"),
        is_json=bool(content),
    )
