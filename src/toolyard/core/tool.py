"""A tool as it is listed, a call of it, and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolyard.core.content import Content, Icon, Metadata, Text
from toolyard.core.quick_init import quick_init
from toolyard.core.unread import Unread

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


@quick_init
@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request to run the tool `name`."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


@quick_init
@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave: blocks for the model, and the same as data where there is a schema."""

    content: Sequence[Content] = ()
    structured: Any = None
    """A JSON value that the tool's `output_schema` accepts; `None` when there is none."""
    is_error: bool = False
    """The tool ran into something the model should read and react to."""
    meta: Metadata | None = None
    unread: Unread | None = field(default=None, init=False, repr=False, compare=False)
    """What `content` and `structured` are read from once somebody asks for either."""

    @classmethod
    def later(
        cls, unread: Unread, *, is_error: bool = False, meta: Metadata | None = None
    ) -> ToolResult:
        """A large result that may only be passed on, in which case nobody need read it."""
        result = cls(is_error=is_error, meta=meta)
        object.__delattr__(result, "content")
        object.__delattr__(result, "structured")
        object.__setattr__(result, "unread", unread)
        return result

    def __getattr__(self, name: str) -> Any:
        # It is only asked for what is not there.
        unread = self.unread if name in ("content", "structured") else None
        if unread is None:
            raise AttributeError(f"a result has no {name!r}", name=name, obj=self)
        texts = [Text(unread.read(text)) for text in unread.texts]
        data = None if unread.structured is None else unread.read(unread.structured)
        object.__setattr__(self, "content", tuple(texts))
        object.__setattr__(self, "structured", data)
        # Whoever has the data may change it: what was read from says nothing any more.
        object.__setattr__(self, "unread", None)
        return getattr(self, name)

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
