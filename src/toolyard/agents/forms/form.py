"""What a form is: how a model is offered tools, asks for them, and hears of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from toolyard.core.tool import Tool
from toolyard.llm.chat import Reply
from toolyard.llm.message import ToolUse, ToolUseResult
from toolyard.llm.session import Said


@dataclass(frozen=True, slots=True)
class Wanted:
    """The model wants tools run."""

    uses: tuple[ToolUse, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """The model is done."""

    text: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The model did neither."""

    told: str
    """What it is told, to go on."""


Step = Wanted | Answered | Unclear


class ToolForm(Protocol):
    """One way for a model to ask for tools."""

    def instructions(self, tools: Sequence[Tool]) -> str:
        """What the system prompt must say; nothing if the model knows it anyway.

        Where something is said, the provider holds no answer to a schema: it is one of many steps.
        """
        ...

    def offered(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """Which of the tools the provider is told of."""
        ...

    def read(self, reply: Reply) -> Step:
        """What the model wants."""
        ...

    def told(self, results: Sequence[ToolUseResult]) -> Sequence[Said]:
        """What the model hears of the tools it asked for last."""
        ...
