"""A plain Python object that is a source of tools too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Self

from toolyard.core.context import CallContext
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.core.toolbox import Toolbox


class ToolOwner(ABC):
    """A source whose tools stand in a toolbox of its own.

    The toolbox is made when somebody first asks for a tool: who only calls the methods of the
    object in Python waits for no schemas. Entering and leaving do nothing; an object with a life
    overrides both.
    """

    @abstractmethod
    def _make_toolbox(self) -> Toolbox:
        """The tools of this object; called once."""

    @cached_property
    def _toolbox(self) -> Toolbox:
        return self._make_toolbox()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools, always in the same order."""
        return await self._toolbox.list_tools(context)

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run one tool; what it cannot do is an error result that says what to do instead.

        Raises:
            UnknownName: There is no such tool.
            InvalidArguments: The listed schema refuses the arguments.
            CallTimeout: The context allows no more time.
        """
        return await self._toolbox.call_tool(call, context)
