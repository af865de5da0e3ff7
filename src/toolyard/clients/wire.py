"""What an MCP server says, in our words; nothing is lost on the way."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import mcp_types as types
from pydantic import BaseModel

from toolyard.core.content import (
    Audio,
    Content,
    Icon,
    Image,
    Metadata,
    Resource,
    ResourceLink,
    Text,
)
from toolyard.core.errors import InputRequired
from toolyard.core.inputs import InputRequest
from toolyard.core.protocol import PromptArgument, PromptInfo, PromptMessage, ResourceInfo
from toolyard.core.tool import Tool, ToolAnnotations, ToolResult


def dumped(model: BaseModel | None) -> dict[str, Any] | None:
    """A model as JSON, without what it does not say."""
    if model is None:
        return None
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def _said(model: BaseModel | None) -> Metadata | None:
    """A model as JSON, with all that was said, `null` as well."""
    return None if model is None else model.model_dump(by_alias=True, exclude_unset=True)


def notes(given: object) -> Metadata | None:
    """`_meta` without what the protocol itself keeps there: that was for us."""
    meta = cast("dict[str, Any]", given or {})
    kept = {key: value for key, value in meta.items() if key != types.SERVER_INFO_META_KEY}
    return kept or None


def tool(given: types.Tool) -> Tool:
    """A tool of a remote server."""
    hints = given.annotations
    return Tool(
        name=given.name,
        description=given.description or "",
        input_schema=given.input_schema,
        output_schema=given.output_schema,
        title=given.title,
        annotations=None if hints is None else _annotations(hints),
        icons=_icons(given.icons),
        meta=notes(given.meta),
        execution=_said(given.execution),
    )


def _annotations(given: types.ToolAnnotations) -> ToolAnnotations:
    return ToolAnnotations(
        title=given.title,
        read_only=given.read_only_hint,
        destructive=given.destructive_hint,
        idempotent=given.idempotent_hint,
        open_world=given.open_world_hint,
    )


def _icons(given: Sequence[types.Icon] | None) -> tuple[Icon, ...]:
    return tuple(_icon(icon) for icon in given or ())


def _icon(given: types.Icon) -> Icon:
    sizes = None if given.sizes is None else tuple(given.sizes)
    return Icon(given.src, given.mime_type, sizes, given.theme)


def result(given: types.CallToolResult) -> ToolResult:
    """What a remote tool gave."""
    return ToolResult(
        content=tuple(content(block) for block in given.content),
        structured=given.structured_content,
        is_error=bool(given.is_error),
        meta=notes(given.meta),
    )


def content(given: types.ContentBlock) -> Content:
    """One block of a result."""
    annotations, meta = _said(given.annotations), notes(given.meta)
    if isinstance(given, types.TextContent):
        return Text(given.text, annotations, meta)
    if isinstance(given, types.ImageContent):
        return Image(b64decode(given.data), given.mime_type, annotations, meta)
    if isinstance(given, types.AudioContent):
        return Audio(b64decode(given.data), given.mime_type, annotations, meta)
    if isinstance(given, types.EmbeddedResource):
        return document(given.resource, annotations, meta)
    return ResourceLink(
        uri=given.uri,
        name=given.name,
        title=given.title,
        description=given.description,
        mime_type=given.mime_type,
        size=given.size,
        annotations=annotations,
        meta=meta,
        icons=_icons(given.icons),
    )


def document(
    given: types.TextResourceContents | types.BlobResourceContents,
    annotations: Metadata | None = None,
    meta: Metadata | None = None,
) -> Resource:
    """A document in full, with what the block around it says, if there is one."""
    is_text = isinstance(given, types.TextResourceContents)
    return Resource(
        uri=given.uri,
        text=given.text if is_text else None,
        blob=None if is_text else b64decode(given.blob),
        mime_type=given.mime_type,
        annotations=annotations,
        meta=meta,
        resource_meta=notes(given.meta),
    )


def resource(given: types.Resource) -> ResourceInfo:
    """A document in a list."""
    return replace(_family(given, given.uri), size=given.size)


def template(given: types.ResourceTemplate) -> ResourceInfo:
    """A family of documents in a list."""
    return _family(given, given.uri_template)


def _family(given: types.Resource | types.ResourceTemplate, uri: str) -> ResourceInfo:
    return ResourceInfo(
        uri=uri,
        name=given.name,
        title=given.title,
        description=given.description,
        mime_type=given.mime_type,
        icons=_icons(given.icons),
        annotations=_said(given.annotations),
        meta=notes(given.meta),
    )


def prompt(given: types.Prompt) -> PromptInfo:
    """A prompt in a list."""
    return PromptInfo(
        name=given.name,
        description=given.description,
        arguments=tuple(map(_argument, given.arguments or ())),
        title=given.title,
        icons=_icons(given.icons),
        meta=notes(given.meta),
    )


def _argument(given: types.PromptArgument) -> PromptArgument:
    return PromptArgument(
        given.name, given.description, required=bool(given.required), title=given.title
    )


def message(given: types.PromptMessage) -> PromptMessage:
    """One message of a filled prompt."""
    return PromptMessage(content(given.content), given.role)


def question(given: types.InputRequiredResult) -> InputRequired:
    """What a remote tool must know before it can go on."""
    requests = {
        key: input_request(request) for key, request in (given.input_requests or {}).items()
    }
    return InputRequired(requests, given.request_state)


def input_request(given: BaseModel) -> InputRequest:
    """One question of a remote server, whatever its kind."""
    asked = cast("dict[str, Any]", dumped(given))
    return InputRequest(asked["method"], asked.get("params", {}))
