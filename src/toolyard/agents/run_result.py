"""What a run of an agent gives."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from toolyard.llm.chat import Piece
from toolyard.llm.message import Message, ToolUse, ToolUseResult
from toolyard.llm.usage import Usage

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Generic[T]):
    """How a run ended."""

    output: T
    """The answer: of the type that was asked for, or its text."""
    text: str
    """The answer as the model wrote it."""
    status: Literal["complete", "partial"] = "complete"
    """`partial` if it wanted to run more tools than it may, and answered with what it had, or if
    its answer was cut off."""
    messages: tuple[Message, ...] = ()
    """What was said in this run and is remembered, from the task to the answer."""
    usage: Usage
    """Of all requests to the model."""
    cost_usd: Decimal | None
    """Of the same; `None` if a price is not known."""
    turns: int
    """Requests to the model that were answered."""
    tool_calls: int
    """Tools that it asked for, run or not."""
    run_id: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """In a stream: a tool that the model asked for is about to be run."""

    use: ToolUse


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """In a stream: what came of it."""

    use: ToolUse
    result: ToolUseResult


RunPiece = Piece | ToolStarted | ToolFinished | RunResult[Any]
"""What a streamed run gives: pieces of each of the model's turns, tools, the result as the last."""
