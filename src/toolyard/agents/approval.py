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
        if _needs_nobody(tool, self._always):
            return ALLOW
        return await self._ask(use, tool)


class AwaitPerson:
    """Has a person decide through the journal of a durable run, be it after days.

    As `AskPerson` about which tools. What is waited for is shown by `toolyard runs show RUN`;
    `toolyard runs answer`, or `DurableJournal.answer`, gives `"allow"`, `{"deny": REASON}` or
    `{"edit": ARGUMENTS}`. Until then the run may be ended and gone on with. In a run that is not
    durable nobody can be asked, and the model is told so.
    """

    def __init__(self, *, always: Collection[str] = ()) -> None:
        """As described.

        Args:
            always: Names of tools that are run unasked.
        """
        self._always = frozenset(always)

    async def __call__(self, use: ToolUse, tool: Tool) -> Decision:
        """The decision, as far as no person is needed for it."""
        del use
        if _needs_nobody(tool, self._always):
            return ALLOW
        return Deny("Somebody must decide about it, who can be asked in durable runs only.")

    def needs_person(self, tool: Tool) -> bool:
        """Whether a person is to decide about it."""
        return not _needs_nobody(tool, self._always)


def _needs_nobody(tool: Tool, always: Collection[str]) -> bool:
    is_harmless = tool.annotations is not None and tool.annotations.read_only is True
    return is_harmless or tool.name in always
