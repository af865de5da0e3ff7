"""Runs at random, cut off at random: whatever happens, every provider would take the rest."""

import random
from collections import Counter
from contextlib import aclosing
from typing import Any

import pytest
from tests.agents.test_cancellation import Brake, assert_all_answered
from tests.llm.moody import Moody

from toolyard import (
    Agent,
    AgentLimits,
    Allow,
    CallContext,
    ContextStrategy,
    Decision,
    Deny,
    DropOldResults,
    Edit,
    LLMSession,
    NoveltyAware,
    SelfCompression,
    Tool,
    Trim,
    UnfitReply,
)
from toolyard.core.errors import ModelError, ToolError
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import ToolUse

RUNS = 500
STRATEGIES: list[ContextStrategy] = [
    Trim(),
    SelfCompression(),
    DropOldResults(Trim()),
    NoveltyAware(DropOldResults(SelfCompression())),
]


class Life:
    """One agent to which things happen."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.brake = Brake(0)
        self.came = Counter[str]()
        self.agent = Agent(
            "Mai",
            Slow(self),
            tools=[self.add],
            approve=self.approve,
            limits=AgentLimits(tool_rounds=3, tools_at_once=2, result_letters=300),
            session=LLMSession(Slow(self), context_tokens=400),
        )

    async def add(self, context: CallContext, a: str = "") -> str:
        """Add."""
        await self.brake.step()
        chance = self.dice.random()
        if chance < 0.1:
            raise ToolError("No.")
        if chance < 0.2:
            raise RuntimeError(a)
        if chance < 0.3:
            self.agent.receive_message("By the way.")
        return "" if chance < 0.4 else a * self.dice.randrange(1, 9)

    async def approve(self, use: ToolUse, tool: Tool) -> Decision:
        await self.brake.step()
        return self.dice.choice([Allow(), Allow(), Deny(), Edit({"a": "edited"})])

    async def happens(self) -> None:
        """One thing."""
        dice, agent = self.dice, self.agent
        agent.session.context_tokens = dice.choice([120, 400, 3_000])
        agent.set_context(dice.choice(STRATEGIES))
        if dice.random() < 0.1:
            agent.receive_message("Said.", role=dice.choice(["user", "assistant"]))
        self.brake = Brake(dice.choice([0, 0, *range(1, 12)]))
        said = dice.choice(["go on", "word " * 80])
        output: Any = dice.choice([None, None, dict[str, int]])
        try:
            with self.brake.scope:
                if dice.random() < 0.4:
                    async with aclosing(agent.stream(said, output=output)) as pieces:
                        async for _ in pieces:
                            if dice.random() < 0.02:
                                break
                else:
                    self.came[(await agent.send(said, output=output)).status] += 1
        except (ModelError, UnfitReply) as error:
            self.came[type(error).__name__] += 1
        self.came["cancelled"] += self.brake.scope.cancelled_caught
        assert_all_answered_but_the_last(agent)


class Slow(Moody):
    """Takes a step before it answers."""

    def __init__(self, life: Life) -> None:
        super().__init__(life.dice)
        self._life = life

    async def reply(self, request: ChatRequest) -> Reply:
        await self._life.brake.step()
        return await super().reply(request)


def assert_all_answered_but_the_last(agent: Agent) -> None:
    messages = agent.session.messages
    assert_all_answered(messages[:-1] if agent.session.pending else messages)


@pytest.mark.parametrize("seed", range(4))
async def test_every_provider_takes_what_is_left(seed: int) -> None:
    life = Life(random.Random(seed))
    async with life.agent:
        for _ in range(RUNS):
            await life.happens()
    assert life.came.keys() >= {"complete", "partial", "cancelled", "UnfitReply", "RateLimited"}
