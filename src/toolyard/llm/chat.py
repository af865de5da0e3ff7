"""A request to a model, and what comes back: whole, or piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolyard.core.quick_init import quick_init
from toolyard.core.tool import Tool
from toolyard.llm.message import Message, ToolUse, assistant
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.usage import Usage

Finish = Literal["stop", "length", "tool_use", "content_filter", "refusal", "other"]
"""Why an answer ended: it was complete; too long; waits for tools; was cut off by the provider;
the model would not; or something of the provider's own."""

ToolChoice = Literal["auto", "none", "required"]


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """The JSON that an answer must be."""

    name: str
    """What it is called, for the model: letters, digits, `_` and `-`, up to 64."""
    schema: Mapping[str, Any]
    """A JSON Schema (2020-12) of an object."""


@quick_init
@dataclass(frozen=True, slots=True)
class ChatRequest:
    """All that a model is told for one answer."""

    messages: Sequence[Message]
    """The conversation, the oldest first; what the system says comes before all else."""
    tools: Sequence[Tool] = ()
    """What it may ask for."""
    tool_choice: ToolChoice = "auto"
    """Whether it may, must not or must ask for a tool."""
    output: OutputSchema | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)


@quick_init
@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    message: Message
    """From the `assistant`; it can be put into the next request as it is."""
    usage: Usage = field(default_factory=Usage)
    finish: Finish = "stop"
    model: str = ""
    """What the provider says answered, as `PROVIDER:MODEL`."""

    @classmethod
    def of(cls, text: str) -> Reply:
        """An answer of plain text."""
        return cls(assistant(text))

    @property
    def text(self) -> str:
        """All text, without the reasoning."""
        return self.message.text

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The tools that the model wants run, in its order."""
        return self.message.tool_uses


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUseDelta:
    """More of a tool that the model wants run; the whole is in the `Reply` at the end."""

    index: int
    """Which one, counted from 0."""
    id: str
    name: str
    arguments: str
    """More of the JSON text."""


Piece = TextDelta | ReasoningDelta | ToolUseDelta | Reply
"""What a stream gives: deltas, and the whole answer as the last."""
