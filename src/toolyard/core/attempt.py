"""One run of a tool, whose bugs end here."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn, Protocol, cast

import anyio
import anyio.lowlevel

from toolyard.core.background import is_cancellation
from toolyard.core.blocks import Unfit
from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ToolError, ToolyardError, UnknownName
from toolyard.core.tool import Tool, ToolResult

logger = logging.getLogger("toolyard.tools")


class Runnable(Protocol):
    """A tool together with what it does."""

    tool: Tool
    timeout_s: float | None
    never_waits: bool
    """Whether it waits for nothing and looks at arguments alone."""

    async def call(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Run it once, letting every error pass."""
        ...

    def call_at_once(self, arguments: Mapping[str, Any]) -> ToolResult:
        """The same if it `never_waits`."""
        ...


async def attempt(
    runnable: Runnable, arguments: Mapping[str, Any], context: CallContext
) -> ToolResult:
    """Run the tool; what it raises by mistake becomes an error result without details.

    Raises:
        InvalidArguments: The listed schema refuses the arguments.
        CallTimeout: The tool took longer than its `timeout_s`, or than the context allows.
        ToolyardError: Whatever else of the tree the tool says on purpose.
    """
    try:
        if runnable.timeout_s is None and context.watched_deadline <= context.deadline:
            return await runnable.call(arguments, context)  # whoever calls sees to it already
        return await _in_time(runnable, arguments, context)
    except BaseException as error:  # a bug in one tool must not reach its neighbours
        if not _is_cancelled():
            return _told(runnable.tool.name, error)
        if is_cancellation(error):
            raise
        _log(runnable.tool.name)
    return await _cancelled()


def attempt_at_once(runnable: Runnable, arguments: Mapping[str, Any]) -> ToolResult:
    """As `attempt`, of a tool that `never_waits`."""
    try:
        return runnable.call_at_once(arguments)
    except BaseException as error:  # as above
        if not _is_cancelled():
            return _told(runnable.tool.name, error)
        if is_cancellation(error):
            raise
        _log(runnable.tool.name)
        raise anyio.get_cancelled_exc_class() from error  # it has cancelled its own task


async def _in_time(
    runnable: Runnable, arguments: Mapping[str, Any], context: CallContext
) -> ToolResult:
    own = math.inf if runnable.timeout_s is None else runnable.timeout_s
    now = anyio.current_time()
    deadline = min(context.deadline, now + own)
    timeout = CallTimeout(runnable.tool.name, round(max(0.0, deadline - now), 3))
    with anyio.CancelScope(deadline=deadline) as scope:
        try:
            return await runnable.call(arguments, replace(context, deadline=deadline))
        except ToolyardError:
            raise
        except BaseException as error:
            if is_cancellation(error) or not scope.cancel_called:
                raise
            _log(runnable.tool.name)  # what happens while it is ended hides no timeout
            raise timeout from error
    raise timeout


def _told(name: str, error: BaseException) -> ToolResult:
    """The result for the model; raises what the caller must handle."""
    leaves = list(_leaves(error))
    if all(isinstance(leaf, ToolError) for leaf in leaves):
        return ToolResult.error("\n".join(dict.fromkeys(str(leaf) for leaf in leaves)))
    if isinstance(error, UnknownName):  # unknown to the tool, not to the caller
        return ToolResult.error(str(error))
    if isinstance(error, ToolyardError):
        raise error
    if isinstance(error, Unfit):
        logger.error("the tool %r failed: %s (%s)", name, error, error.detail)
        return ToolResult.error(f"The tool {name!r} failed: {error}.")
    _log(name)
    kind = type(error).__name__
    return ToolResult.error(f"The tool {name!r} failed: it ran into an unexpected {kind}.")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group of errors, and in groups within it."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for each in cast("BaseExceptionGroup[BaseException]", error).exceptions:
        yield from _leaves(each)


def _log(name: str) -> None:
    logger.exception("the tool %r failed", name)


def _is_cancelled() -> bool:
    """Whether it is the call that was cancelled, and not something the tool waited for."""
    task = asyncio.current_task()
    return anyio.current_effective_deadline() == -math.inf or bool(task and task.cancelling())


async def _cancelled() -> NoReturn:
    """End as a cancelled call does, also if the tool raised something else meanwhile."""
    await anyio.lowlevel.checkpoint_if_cancelled()
    raise anyio.get_cancelled_exc_class()  # the task itself was cancelled, not a scope
