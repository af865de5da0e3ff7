"""A tool as it is listed, a call of it, and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolyard.core.content import Content, Icon, Metadata, Text

TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Names that every host and model provider accepts."""


@dataclass(frozen=True, slots=True)
class ToolAnnotations:
    """Hints for hosts about what a tool does; `None` means not said."""

    read_only: bool | None = None
    """It changes nothing."""
    destructive: bool | None = None
    """It may overwrite or delete; hosts assume so unless told."""
    idempotent: bool | None = None
    """Calling it again with the same arguments changes nothing more."""
    open_world: bool | None = None
    """It reaches things outside the server, such as the web."""
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """One callable thing, exactly as a caller sees it.

    `input_schema` and `output_schema` are JSON Schemas (2020-12). The schemas are listed as
    they are and must not be changed after the tool was made.
    """

    name: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any] | None = None
    title: str | None = None
    annotations: ToolAnnotations | None = None
    icons: tuple[Icon, ...] = ()
    meta: Metadata | None = None
    execution: Metadata | None = None
    """What revision 2025-11-25 says of calls as tasks; carried along and not read."""
    scope: str | None = None
    """What a caller must be allowed to see and call it, if not `tool:NAME`; never shown."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request to run the tool `name`."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave: blocks for the model, and the same as data where there is a schema."""

    content: Sequence[Content] = ()
    structured: Any = None
    """A JSON value that the tool's `output_schema` accepts; `None` when there is none."""
    is_error: bool = False
    """The tool ran into something the model should read and react to."""
    meta: Metadata | None = None

    @classmethod
    def of(cls, structured: Mapping[str, Any], *, text: str | None = None) -> ToolResult:
        """A result with `structured` as data and `text`, or the data as JSON, for the model."""
        shown = json.dumps(structured, ensure_ascii=False) if text is None else text
        return cls(content=(Text(shown),), structured=structured)

    @classmethod
    def error(cls, text: str) -> ToolResult:
        """A result that tells the model what went wrong and what to do instead."""
        return cls(content=(Text(text),), is_error=True)

    @property
    def text(self) -> str:
        """All text blocks, joined by newlines."""
        return "\n".join(block.text for block in self.content if isinstance(block, Text))
