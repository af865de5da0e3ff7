"""Tools, results, documents and prompts as MCP writes them: plain JSON objects."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from toolyard.core.content import Audio, Content, Image, Resource, ResourceLink, Text
from toolyard.core.errors import InputRequired
from toolyard.core.protocol import PromptInfo, PromptMessage, ResourceInfo
from toolyard.core.tool import Icon, Tool, ToolAnnotations, ToolResult

Wire = dict[str, Any]


def _without_none(pairs: Mapping[str, Any]) -> Wire:
    return {key: value for key, value in pairs.items() if value is not None}


def _icon(icon: Icon) -> Wire:
    return _without_none(
        {
            "src": icon.src,
            "mimeType": icon.mime_type,
            "sizes": None if icon.sizes is None else list(icon.sizes),
            "theme": icon.theme,
        }
    )


def icons(given: Sequence[Icon]) -> list[Wire] | None:
    """Icons, or `None` when there are none."""
    return [_icon(icon) for icon in given] or None


def _annotations(given: ToolAnnotations | None) -> Wire | None:
    if given is None:
        return None
    return _without_none(
        {
            "title": given.title,
            "readOnlyHint": given.read_only,
            "destructiveHint": given.destructive,
            "idempotentHint": given.idempotent,
            "openWorldHint": given.open_world,
        }
    )


def tool(given: Tool, *, modern: bool) -> Wire:
    """A tool; before 2026-07-28 only objects could be described as output."""
    output = given.output_schema
    if output is not None and not modern and output.get("type") != "object":
        output = None
    return _without_none(
        {
            "name": given.name,
            "title": given.title,
            "description": given.description,
            "inputSchema": given.input_schema,
            "outputSchema": output,
            "annotations": _annotations(given.annotations),
            "icons": icons(given.icons),
            "execution": None if modern else given.execution,
            "_meta": given.meta,
        }
    )


def document(given: Resource) -> Wire:
    """A document in full."""
    return _without_none(
        {
            "uri": given.uri,
            "mimeType": given.mime_type,
            "text": given.text,
            "blob": None if given.blob is None else b64encode(given.blob).decode(),
            "_meta": given.resource_meta,
        }
    )


def content(block: Content) -> Wire:
    """One block of a result or a prompt."""
    if isinstance(block, Text):
        return _block(block, {"type": "text", "text": block.text})
    if isinstance(block, Image | Audio):
        kind = "image" if isinstance(block, Image) else "audio"
        encoded = b64encode(block.data).decode()
        return _block(block, {"type": kind, "data": encoded, "mimeType": block.mime_type})
    if isinstance(block, Resource):
        return _block(block, {"type": "resource", "resource": document(block)})
    return _block(block, _link(block))


def _block(block: Content, pairs: Wire) -> Wire:
    if block.annotations is not None:
        pairs["annotations"] = block.annotations
    if block.meta is not None:
        pairs["_meta"] = block.meta
    return pairs


def _link(given: ResourceLink) -> Wire:
    return _without_none(
        {
            "type": "resource_link",
            "uri": given.uri,
            "name": given.name,
            "title": given.title,
            "description": given.description,
            "mimeType": given.mime_type,
            "size": given.size,
            "icons": icons(given.icons),
        }
    )


def result(given: ToolResult, *, modern: bool) -> Wire:
    """A tool's result; before 2026-07-28 structured content had to be an object."""
    wire: Wire = {
        "resultType": "complete",
        "content": [content(block) for block in given.content],
        "isError": given.is_error,
    }
    structured: object = given.structured
    if structured is not None and (modern or isinstance(structured, Mapping)):
        wire["structuredContent"] = structured
    if given.meta is not None:
        wire["_meta"] = given.meta
    return wire


def complete(answer: Wire) -> Wire:
    """`answer` marked as final (2026-07-28); the SDK leaves the mark out for older clients."""
    return {"resultType": "complete", **answer}


def input_required(given: InputRequired) -> Wire:
    """The questions that must be answered before the call can go on."""
    requests = {
        key: {"method": request.method, "params": dict(request.params)}
        for key, request in given.requests.items()
    }
    wire: Wire = {"resultType": "input_required", "inputRequests": requests}
    if given.state is not None:
        wire["requestState"] = given.state
    return wire


def resource(given: ResourceInfo, *, template: bool) -> Wire:
    """A document, or a family of them, in a list."""
    return _without_none(
        {
            "uriTemplate" if template else "uri": given.uri,
            "name": given.name,
            "title": given.title,
            "description": given.description,
            "mimeType": given.mime_type,
            "size": None if template else given.size,
            "icons": icons(given.icons),
            "annotations": given.annotations,
            "_meta": given.meta,
        }
    )


def prompt(given: PromptInfo) -> Wire:
    """A prompt in a list."""
    arguments = [
        _without_none(
            {
                "name": argument.name,
                "title": argument.title,
                "description": argument.description,
                "required": argument.required,
            }
        )
        for argument in given.arguments
    ]
    return _without_none(
        {
            "name": given.name,
            "title": given.title,
            "description": given.description,
            "arguments": arguments,
            "icons": icons(given.icons),
            "_meta": given.meta,
        }
    )


def message(given: PromptMessage) -> Wire:
    """One message of a filled prompt."""
    return {"role": given.role, "content": content(given.content)}
