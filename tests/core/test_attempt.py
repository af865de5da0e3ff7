import asyncio
import logging
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ToolError
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.core.toolbox import Toolbox

CONTEXT = CallContext()


def offering(function: Callable[..., Awaitable[object]], timeout_s: float | None = None) -> Toolbox:
    tools = Toolbox()
    tools.add(function, name="it", description="It.", timeout_s=timeout_s)
    return tools


async def called(tools: Toolbox, context: CallContext = CONTEXT) -> ToolResult:
    with anyio.fail_after(5):
        return await tools.call_tool(ToolCall("it"), context)


async def soon() -> CallContext:
    return CallContext(deadline=anyio.current_time() + 0.01)


async def for_ever() -> None:
    await anyio.sleep_forever()


async def with_a_broken_end() -> None:
    try:
        await anyio.sleep_forever()
    finally:
        raise ConnectionError("/secret/path")


async def with_a_broken_group() -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(with_a_broken_end)
        group.start_soon(for_ever)


ENDING = [for_ever, with_a_broken_end, with_a_broken_group]


@pytest.mark.parametrize("function", ENDING)
async def test_the_deadline_of_the_context_ends_a_call(
    function: Callable[[], Awaitable[None]],
) -> None:
    with pytest.raises(CallTimeout, match=r"'it' did not finish within 0\.0"):
        await called(offering(function), await soon())
    with pytest.raises(CallTimeout, match=r"within 0\.0"):
        await called(offering(function, timeout_s=60), await soon())


@pytest.mark.parametrize("function", ENDING)
async def test_the_tools_own_time_ends_a_call(function: Callable[[], Awaitable[None]]) -> None:
    later = CallContext(deadline=anyio.current_time() + 60)
    with pytest.raises(CallTimeout, match=r"within 0\.01 s"):
        await called(offering(function, timeout_s=0.01), later)


async def test_a_tool_sees_the_earlier_deadline() -> None:
    async def remaining(context: CallContext) -> float:
        return context.remaining_s

    far = CallContext(deadline=anyio.current_time() + 60)
    for tools, context, most in (
        (offering(remaining, timeout_s=5), CONTEXT, 5),
        (offering(remaining, timeout_s=5), far, 5),
        (offering(remaining), far, 60),
    ):
        result = await called(tools, context)
        assert most - 1 < result.structured["result"] <= most


async def test_what_a_tool_says_about_its_end_is_kept() -> None:
    async def say() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise ToolError("Half of it is done.")

    result = await called(offering(say, timeout_s=0.01))
    assert result == ToolResult.error("Half of it is done.")


@pytest.mark.parametrize("function", ENDING)
async def test_a_broken_end_hides_no_cancellation(
    function: Callable[[], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "toolyard.tools")
    with anyio.move_on_after(0.01) as scope:
        await called(offering(function))
    assert scope.cancelled_caught
    task = asyncio.ensure_future(called(offering(function)))
    await anyio.lowlevel.checkpoint()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_refusals_in_a_task_group_keep_their_text() -> None:
    async def refuse(text: str) -> None:
        raise ToolError(text)

    async def ask_several() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(refuse, "No tea.")
            group.start_soon(refuse, "No milk.")

    result = await called(offering(ask_several))
    assert result.is_error
    assert sorted(result.text.splitlines()) == ["No milk.", "No tea."]


async def test_a_bug_among_refusals_is_a_bug() -> None:
    async def stumble() -> None:
        raise ExceptionGroup("x", [ToolError("No."), ExceptionGroup("y", [KeyError("secret")])])

    result = await called(offering(stumble))
    assert result.text == "The tool 'it' failed: it ran into an unexpected ExceptionGroup."
