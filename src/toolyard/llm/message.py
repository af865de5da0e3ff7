"""What is said in a conversation with a model: messages of ordered parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from toolyard.core.content import Audio, Content, Image, Resource, Text
from toolyard.core.quick_init import quick_init
from toolyard.core.tool import ToolCall, ToolResult

Role = Literal["system", "user", "assistant", "tool"]
"""Who says a message; results of tools are said by `tool`."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before it spoke, as far as its provider shows it."""

    text: str
    signature: str | None = None
    """The provider's proof that it is unchanged; it wants both back in the next request."""
    sealed: str | None = None
    """Thoughts that only the provider can read, in place of `text`."""


@quick_init
@dataclass(frozen=True, slots=True)
class ToolUse:
    """A model wants a tool run."""

    id: str
    """By which its result is told; unique in a conversation."""
    name: str
    arguments: Mapping[str, Any]
    malformed: str | None = None
    """What the model wrote in place of a JSON object; then there are no `arguments`."""
    signature: str | None = None
    """As in `Reasoning`, where a provider puts it here."""

    @property
    def call(self) -> ToolCall:
        """The call that it asks for."""
        return ToolCall(self.name, self.arguments)


@quick_init
@dataclass(frozen=True, slots=True)
class ToolUseResult:
    """What came of a `ToolUse`, for the model."""

    id: str
    """That of the `ToolUse`."""
    name: str
    content: tuple[Text | Image, ...]
    is_error: bool = False

    @classmethod
    def of(cls, use: ToolUse, result: ToolResult) -> ToolUseResult:
        """The result of `use`; what a model cannot be shown is named in its place."""
        shown = tuple([_shown(block) for block in result.content])
        return cls(use.id, use.name, shown, result.is_error)


Part = Text | Image | Reasoning | ToolUse | ToolUseResult


@quick_init
@dataclass(frozen=True, slots=True)
class Message:
    """One turn of one speaker."""

    role: Role
    parts: tuple[Part, ...]
    model: str = field(default="", compare=False)
    """Which model said it, as `PROVIDER:MODEL`, where that is known."""

    @property
    def text(self) -> str:
        """All text, without the reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def reasoning(self) -> str:
        """All reasoning that the provider shows."""
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The tools that the model wants run, in its order."""
        return tuple([part for part in self.parts if isinstance(part, ToolUse)])


def system(text: str) -> Message:
    """What a model is to be and do, from whoever runs it."""
    return Message("system", (Text(text),))


def user(*parts: str | Text | Image) -> Message:
    """What a user says and shows, in this order."""
    return Message("user", tuple([Text(each) if isinstance(each, str) else each for each in parts]))


def assistant(*parts: str | Text | Reasoning | ToolUse) -> Message:
    """What a model said."""
    said = [Text(each) if isinstance(each, str) else each for each in parts]
    return Message("assistant", tuple(said))


def tool_results(*results: ToolUseResult) -> Message:
    """What came of the tools that the message before asked for, all of them."""
    return Message("tool", results)


_SHOWN = (Text, Image)
"""What a model can be shown as it is."""


def _shown(block: Content) -> Text | Image:
    if isinstance(block, _SHOWN):
        return block
    if isinstance(block, Audio):
        return Text(f"[audio, {block.mime_type}, {len(block.data)} bytes]")
    if isinstance(block, Resource) and block.text is not None:
        return Text(block.text)
    return Text(f"[document {block.uri}]")
