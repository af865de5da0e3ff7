"""What an agent is made of, without what it remembers."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.agents.context.strategy import ContextStrategy
from toolyard.agents.forms.form import ToolForm
from toolyard.agents.identity import Identity
from toolyard.agents.tool_round import ToolAccess
from toolyard.events.bus import EventBus
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.llm.chat_model import ChatModel
from toolyard.thoughts.thought_chain import ThoughtChain


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The same for an agent and all its forks, until one of them is changed."""

    identity: Identity
    model: ChatModel
    system_prompt: str
    tools: ToolAccess
    form: ToolForm
    context: ContextStrategy
    thoughts: ThoughtChain | None
    budget: Budget | BudgetLimits | None
    bus: EventBus
