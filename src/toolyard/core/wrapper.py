"""The base of policies: a source around a source, changing one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from toolyard.core.context import CallContext
from toolyard.core.protocol import (
    ChangeProtocol,
    LibraryProtocol,
    Listener,
    ToolProtocol,
    health_of,
    library_of,
)
from toolyard.core.tool import Tool, ToolCall, ToolResult


class Wrapper:
    """Passes everything to `source`; a policy overrides the one thing it changes."""

    def __init__(self, source: ToolProtocol) -> None:
        self.source = source

    async def __aenter__(self) -> Self:
        await self.source.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return await self.source.__aexit__(kind, error, traceback)

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools of the source."""
        return await self.source.list_tools(context)

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Call the source."""
        return await self.source.call_tool(call, context)

    @property
    def library(self) -> LibraryProtocol | None:
        """The library of the source."""
        return library_of(self.source)

    def health(self) -> Mapping[str, Any]:
        """How the source says it is."""
        return health_of(self.source)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of the source's changes, if it speaks of them."""
        if isinstance(self.source, ChangeProtocol):
            return self.source.subscribe(listener)
        return lambda: None
