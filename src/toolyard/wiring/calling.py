"""One look at, or one call of, a source of tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from toolyard.core.context import CallContext
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import Tool


@asynccontextmanager
async def opened(source: ToolProtocol) -> AsyncGenerator[Sequence[Tool]]:
    """Enter `source`, and give its tools."""
    async with source:
        yield await source.list_tools(CallContext())
