"""One look at, or one call of, whatever a command line means by TARGET."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from toolyard.clients.answers import Answer
from toolyard.config.settings import Settings
from toolyard.core.context import CallContext
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import Tool
from toolyard.wiring.sources import target_of


@asynccontextmanager
async def opened(
    target: str, settings: Settings | None, token: str | None, answer: Answer | None = None
) -> AsyncGenerator[tuple[ToolProtocol, Sequence[Tool]]]:
    """The source that `target` means, entered, with its tools."""
    async with target_of(target, settings, token, answer) as source:
        yield source, await source.list_tools(CallContext())
