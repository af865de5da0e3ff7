"""What agents did, as lines for people at a terminal; each is safe to be written there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolyard.core.context import Event
from toolyard.core.printable import on_one_line, one_line
from toolyard.events.agent_events import (
    ContextCompacted,
    SendCompleted,
    SendFailed,
    SendStarted,
    ToolExecutionCompleted,
    ToolMaxIterationsReached,
)
from toolyard.events.agent_log import CANCELLED, price
from toolyard.events.json_safe import json_safe

NAME_WIDTH = 40
ARGUMENTS_WIDTH = 60


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One line, and how it looks where there are colours."""

    mark: str
    agent: str
    text: str
    style: str = ""


def agent_line(event: Event) -> AgentLine | None:
    """What is worth a line once it has happened; `None` for what is only seen as it happens."""
    match event:
        case SendStarted(message_preview=preview):
            return AgentLine("▶", named(event.agent_name), on_one_line(preview), "cyan")
        case ToolExecutionCompleted():
            return _tool_line(event)
        case SendCompleted():
            return _end_line(event)
        case SendFailed(error=error):
            mark, style = ("■", "yellow") if error == CANCELLED else ("✗", "red")
            return AgentLine(mark, named(event.agent_name), one_line(error, 300), style)
        case ToolMaxIterationsReached(max_iterations=most):
            said = f"may run no more tools after {most} requests"
            return AgentLine("!", named(event.agent_name), said, "yellow")
        case ContextCompacted(tokens_before=before, tokens_after=after):
            said = f"shortened the conversation: {before:,} → {after:,} tokens"
            return AgentLine("…", named(event.agent_name), said, "dim")
        case _:
            return None


def named(name: str) -> str:
    """The name of an agent or a tool."""
    return one_line(name, NAME_WIDTH) or "?"


def called(tool: str, parameters: Mapping[str, Any]) -> str:
    """A call with the start of its arguments."""
    pairs = (f"{one_line(str(name), 20)}={_argument(value)}" for name, value in parameters.items())
    return f"{named(tool)}({one_line(', '.join(pairs), ARGUMENTS_WIDTH)})"


def lasted(seconds: float) -> str:
    """A duration."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _argument(value: object) -> str:
    return one_line(json.dumps(json_safe(value), ensure_ascii=False), 30)


def _tool_line(event: ToolExecutionCompleted) -> AgentLine:
    said = f"{called(event.tool_name, event.parameters)}  {lasted(event.duration_s)}"
    agent = named(event.agent_name)
    if event.success:
        return AgentLine("✓", agent, said, "green")
    return AgentLine("✗", agent, f"{said}: {one_line(event.error or 'failed')}", "red")


def _end_line(event: SendCompleted) -> AgentLine:
    facts = (
        f"done in {lasted(event.duration_s)}",
        f"{event.tool_calls_made} tool call{'' if event.tool_calls_made == 1 else 's'}",
        f"{event.tokens_used:,} tokens",
        price(event.cost_usd),
    )
    return AgentLine("●", named(event.agent_name), " · ".join(facts), "bold green")
