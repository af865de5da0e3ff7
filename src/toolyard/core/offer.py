"""What decorators may say about tools, documents and prompts; that of a tool made into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TypedDict

from toolyard.core.content import Metadata
from toolyard.core.errors import InvalidTool
from toolyard.core.portable import Schema
from toolyard.core.text_safety import refuse_hidden_within
from toolyard.core.tool import TOOL_NAME, Icon, Tool, ToolAnnotations


class Presentation(TypedDict, total=False):
    """What may be said about any tool besides its name, description and schemas."""

    title: str | None
    read_only: bool | None
    destructive: bool | None
    idempotent: bool | None
    open_world: bool | None
    icons: Sequence[Icon]
    timeout_s: float | None
    """Seconds a call may take, above 0; then it ends with `CallTimeout`."""
    meta: Metadata | None
    scope: str | None
    """What a caller must be allowed, such as `admin`; `tool:NAME` if not given."""


class ToolOptions(Presentation, total=False):
    """The options of a function that becomes a tool; without them its own name and docstring."""

    name: str | None
    description: str | None


class ResourceOptions(TypedDict, total=False):
    """What may be said about a document; without it the function's name and docstring."""

    name: str | None
    title: str | None
    description: str | None
    mime_type: str | None
    icons: Sequence[Icon]
    annotations: Metadata | None
    meta: Metadata | None


class PromptOptions(TypedDict, total=False):
    """What may be said about a prompt; without it the function's name and docstring."""

    name: str | None
    title: str | None
    description: str | None
    icons: Sequence[Icon]
    meta: Metadata | None


def offered(
    name: str,
    description: str,
    schemas: tuple[Schema, Schema | None],
    presentation: Presentation,
) -> Tool:
    """The tool as it will be listed, with its input schema and its output schema.

    Raises:
        InvalidTool: The name is malformed, the description is missing, or something in it
            cannot be seen by the people who read it.
    """
    check_name(name, "tool")
    check_options(presentation, ToolOptions, "A tool")
    if not description.strip():
        raise InvalidTool(
            f"The tool {name!r} has no description: give its function a docstring that tells "
            "a model what it does and when to use it."
        )
    _check_timeout(name, presentation.get("timeout_s"))
    tool = Tool(
        name=name,
        description=description,
        input_schema=schemas[0],
        output_schema=schemas[1],
        title=presentation.get("title"),
        annotations=_annotations(presentation),
        icons=tuple(presentation.get("icons", ())),
        meta=presentation.get("meta"),
        scope=presentation.get("scope"),
    )
    refuse_hidden_within([*_said(tool)], f"tool {name!r}")
    return tool


def _said(tool: Tool) -> Iterator[object]:
    """All that people and models are shown of `tool`, as JSON has it."""
    for each in fields(tool):
        value = getattr(tool, each.name)
        yield [asdict(icon) for icon in tool.icons] if each.name == "icons" else value


def check_options(given: Mapping[str, object], known: type, what: str) -> None:
    """Raise `TypeError` for an option that `known`, a typed dictionary, does not have.

    Keyword arguments typed with `Unpack` take anything at run time.
    """
    unknown = sorted(set(given) - set(known.__annotations__))
    if unknown:
        raise TypeError(f"{what} has no option {', '.join(unknown)}.")


def check_name(name: str, kind: str) -> None:
    """Raise `InvalidTool` unless every host and provider accepts `name`."""
    if not TOOL_NAME.fullmatch(name):
        raise InvalidTool(
            f"{name[:200]!r} cannot be the name of a {kind}: use 1 to 64 of the letters A-Z and "
            "a-z, digits, '_' and '-'."
        )


def _annotations(options: Presentation) -> ToolAnnotations | None:
    annotations = ToolAnnotations(
        read_only=options.get("read_only"),
        destructive=options.get("destructive"),
        idempotent=options.get("idempotent"),
        open_world=options.get("open_world"),
    )
    return None if annotations == ToolAnnotations() else annotations


def _check_timeout(name: str, timeout_s: float | None) -> None:
    if timeout_s is not None and not timeout_s > 0:
        raise InvalidTool(f"The tool {name!r} needs a `timeout_s` above 0, not {timeout_s:g}.")
