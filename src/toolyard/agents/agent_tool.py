"""An agent as a tool, for other agents and for whoever it is served to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

from toolyard.agents.identity import Identity
from toolyard.agents.run_result import RunResult
from toolyard.core.context import CallContext
from toolyard.core.errors import ModelError, ToolError
from toolyard.core.tool import ToolResult
from toolyard.core.toolbox import Toolbox

MOST_DEEP = 8
"""Agents that ask agents that ask agents: more are a circle."""

PARTIAL = "(This is not the whole answer: it was cut short.)"

_depth: ContextVar[int] = ContextVar("toolyard_agent_depth", default=0)
_ODD = re.compile(r"[^A-Za-z0-9_-]+")

INPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "task": {
            "type": "string",
            "description": "What is to be done, with all that must be known for it.",
        }
    },
    "required": ["task"],
    "additionalProperties": False,
}
OUTPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "status": {"type": "string", "enum": ["complete", "partial"]},
    },
    "required": ["answer", "status"],
}


def agent_tool(
    who: Identity,
    run: Callable[[str], Awaitable[RunResult[str]]],
    *,
    name: str | None,
    description: str | None,
) -> Toolbox:
    """A source with one tool, which has the agent `who` do a task by `run`."""

    async def ask(arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        del context  # whoever calls ends the run by cancelling it
        if _depth.get() >= MOST_DEEP:
            raise ToolError(f"Agents ask each other {MOST_DEEP} deep already; answer yourself.")
        token = _depth.set(_depth.get() + 1)
        try:
            result = await run(arguments["task"])
        except ModelError as error:
            raise ToolError(f"{who.name} has no answer: {error}") from error
        finally:
            _depth.reset(token)
        shown = result.text if result.status == "complete" else f"{result.text}\n{PARTIAL}"
        return ToolResult.of({"answer": result.text, "status": result.status}, text=shown)

    toolbox = Toolbox()
    toolbox.add_schema(
        name or (_ODD.sub("_", who.id).strip("_")[:64] or "agent"),
        ask,
        description=description or f"Have {who.name} do a task. {who.expertise}".strip(),
        input_schema=INPUT,
        output_schema=OUTPUT,
    )
    return toolbox
