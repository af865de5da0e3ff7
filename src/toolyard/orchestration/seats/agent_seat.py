"""An agent's place in one run of a workflow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from toolyard.agents.agent import Agent
from toolyard.agents.recipe import Recipe
from toolyard.agents.run_result import RunResult
from toolyard.events.agent_events import LLMContentDelta, LLMReasoningDelta
from toolyard.llm.budget import Budgeted
from toolyard.llm.chat_model import ChatModel
from toolyard.llm.journaled_model import JournaledModel
from toolyard.llm.message import Message
from toolyard.llm.session import Said
from toolyard.orchestration.member import Member
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.workflow_result import Spent


class AgentSeat:
    """A `Seat` of an agent, with a conversation for this run alone."""

    remembers = True

    def __init__(self, member: Member, agent: Agent, around: Surroundings) -> None:
        self.member = member
        self._agent = agent.fork(_within(agent.recipe, around))
        if around.context_tokens is not None:
            self._agent.session.context_tokens = around.context_tokens
        bus = self._agent.recipe.bus
        self._is_watched = bool(bus.of(LLMContentDelta) or bus.of(LLMReasoningDelta))

    @property
    def spent(self) -> Spent:
        """As `Seat.spent`."""
        return Spent(self._agent.session.usage, self._agent.session.cost_usd)

    @property
    def conversation(self) -> tuple[Message, ...]:
        """What was said so far; it may be set, to go on with that."""
        return self._agent.session.messages

    @conversation.setter
    def conversation(self, messages: tuple[Message, ...]) -> None:
        self._agent.session.messages = messages

    async def say(self, said: Sequence[Said], output: Any) -> RunResult[Any]:
        """As `Seat.say`."""
        if not self._is_watched:
            return await self._agent.send(*said, output=output)
        result = None
        async with aclosing(self._agent.stream(*said, output=output)) as pieces:
            async for piece in pieces:
                result = piece  # of the others the agent itself tells those who watch
        return cast("RunResult[Any]", result)


def _within(recipe: Recipe, around: Surroundings) -> Recipe:
    """What the agent is made of for a run with these surroundings."""
    model: ChatModel = recipe.model
    tools = recipe.tools
    if around.steps is not None:
        model = JournaledModel(model, around.steps, budgets=around.budgets)
        tools = replace(tools, steps=around.steps)
    else:
        for budget in around.budgets:
            model = Budgeted(model, budget)
    return replace(
        recipe,
        model=model,
        tools=tools,
        bus=recipe.bus.joined(around.bus),
        system_prompt="\n\n".join(filter(None, (recipe.system_prompt, around.system_context))),
    )
