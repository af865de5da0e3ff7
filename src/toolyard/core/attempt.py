"""One run of a tool, whose bugs end here."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import Any, Protocol

import anyio

from toolyard.core.blocks import Unfit
from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ToolError, ToolyardError, UnknownName
from toolyard.core.tool import Tool, ToolResult

logger = logging.getLogger("toolyard.tools")


class Runnable(Protocol):
    """A tool together with what it does."""

    tool: Tool
    timeout_s: float | None

    async def call(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Run it once, letting every error pass."""
        ...


async def attempt(
    runnable: Runnable, arguments: Mapping[str, Any], context: CallContext
) -> ToolResult:
    """Run the tool; what it raises by mistake becomes an error result without details.

    Raises:
        InvalidArguments: The listed schema refuses the arguments.
        CallTimeout: The tool took longer than its `timeout_s`.
        ToolyardError: Whatever else of the tree the tool says on purpose.
    """
    name = runnable.tool.name
    try:
        if runnable.timeout_s is None:
            return await runnable.call(arguments, context)
        return await _in_time(runnable, runnable.timeout_s, arguments, context)
    except (ToolError, UnknownName) as refusal:  # unknown to the tool, not to the caller
        return ToolResult.error(str(refusal))
    except ToolyardError:
        raise
    except Unfit as unfit:
        logger.error("the tool %r failed: %s (%s)", name, unfit, unfit.detail)
        return ToolResult.error(f"The tool {name!r} failed: {unfit}.")
    except BaseException as error:  # a bug in one tool must not reach its neighbours
        if _is_cancelled():
            raise
        logger.exception("the tool %r failed", name)
        kind = type(error).__name__
        return ToolResult.error(f"The tool {name!r} failed: it ran into an unexpected {kind}.")


def _is_cancelled() -> bool:
    """Whether it is the call that was cancelled, and not something the tool waited for."""
    task = asyncio.current_task()
    return anyio.current_effective_deadline() == -math.inf or bool(task and task.cancelling())


async def _in_time(
    runnable: Runnable, timeout_s: float, arguments: Mapping[str, Any], context: CallContext
) -> ToolResult:
    with anyio.move_on_after(timeout_s):
        return await runnable.call(arguments, context)
    raise CallTimeout(runnable.tool.name, timeout_s)
