"""Whether a tool may run: decided each time, by a program or a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from toolyard.core.tool import Tool
from toolyard.llm.message import ToolUse


@dataclass(frozen=True, slots=True)
class Allow:
    """The tool is run as the model asked."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The tool is run with other arguments, and the model is told so."""

    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deny:
    """The tool is not run, and the model is told why."""

    reason: str = "It is not allowed."


Decision = Allow | Edit | Deny

Approve = Callable[[ToolUse, Tool], Awaitable[Decision]]
"""Decides about one use of a tool; it may ask a person, and take its time."""

ALLOW = Allow()


class AskPerson:
    """Has `ask` decide about tools that may change something; others are run.

    A tool's own word that it changes nothing is taken for true, so only tools of sources that
    are trusted should be offered.
    """

    def __init__(self, ask: Approve, *, always: Collection[str] = ()) -> None:
        """As described.

        Args:
            ask: Asks a person, mostly.
            always: Names of tools that are run unasked.
        """
        self._ask = ask
        self._always = frozenset(always)

    async def __call__(self, use: ToolUse, tool: Tool) -> Decision:
        """The decision."""
        is_harmless = tool.annotations is not None and tool.annotations.read_only is True
        if is_harmless or use.name in self._always:
            return ALLOW
        return await self._ask(use, tool)
