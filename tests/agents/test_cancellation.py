"""A run may be cancelled at any point: its history is one to go on with."""

import anyio
import anyio.lowlevel
from tests.support.answered import assert_all_answered

from toolyard.agents.agent import Agent
from toolyard.agents.approval import Allow, Decision
from toolyard.core.tool import Tool
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import ToolUse, assistant
from toolyard.llm.scripted_model import Line, ScriptedModel

WORK = [ToolUse(f"u-{number}", "work", {"number": number}) for number in range(3)]
LINES: list[Line] = [assistant(*WORK[:2]), assistant("Hm", WORK[2]), "Done", "Well"]
WAITS = 3 + 2 * 3
"""Of the model three times, and of each tool twice: for a decision, and at work."""


class Brake:
    """Cancels a scope when it is stepped on for the `at`-th time."""

    def __init__(self, at: int) -> None:
        self.scope = anyio.CancelScope()
        self._left = at

    async def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.scope.cancel()
        await anyio.lowlevel.checkpoint()


class Slow(ScriptedModel):
    """A model that takes a step before it answers."""

    brake: Brake

    async def reply(self, request: ChatRequest) -> Reply:
        await self.brake.step()
        return await super().reply(request)


async def cut_off(at: int, *, is_streamed: bool) -> bool:
    """Whether a run was, that was cancelled at the `at`-th wait."""
    brake = Brake(at)

    async def work(number: int) -> int:
        """Work."""
        await brake.step()
        return number

    async def approve(use: ToolUse, tool: Tool) -> Decision:
        del use, tool
        await brake.step()
        return Allow()

    script = Slow(*LINES)
    script.brake = brake
    async with Agent("Mai", script, tools=[work], approve=approve) as agent:
        with brake.scope:
            if is_streamed:
                assert [piece async for piece in agent.stream("Go")]
            else:
                assert (await agent.send("Go")).text == "Done"
        assert_all_answered(agent.session.messages)
        await agent.send("Go on")
        assert_all_answered(script.requests[-1].messages)
        assert_all_answered(agent.session.messages)
    return brake.scope.cancelled_caught


async def test_at_every_wait() -> None:
    for is_streamed in (False, True):
        for at in range(1, WAITS + 1):
            assert await cut_off(at, is_streamed=is_streamed), at
        assert not await cut_off(WAITS + 2, is_streamed=is_streamed)


async def test_a_stream_that_is_left_at_any_piece() -> None:
    async def work(number: int) -> int:
        """Work."""
        return number

    for at in range(1, 20):
        async with Agent("Mai", ScriptedModel(*LINES), tools=[work]) as agent:
            stream = agent.stream("Go")
            for _ in range(at):
                await anext(stream, None)
            await stream.aclose()
            assert_all_answered(agent.session.messages)
            await agent.send("Go on")
