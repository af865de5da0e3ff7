"""In what a member of a workflow works: who hears of it, and what it may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from toolyard.events.bus import EventBus
from toolyard.llm.budget import Budget
from toolyard.orchestration.elsewhere import Elsewhere
from toolyard.orchestration.workflow_result import Spent
from toolyard.storage.journal.steps import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run of a workflow gives to its members, and to workflows among them."""

    bus: EventBus = field(default_factory=EventBus)
    """Who hears of all that they do, besides those who hear of one of them."""
    budgets: tuple[Budget, ...] = ()
    """What all of them may use together: that of the workflow, and of those it is a member of."""
    system_context: str = ""
    """What each agent is told of the team, after what it is to do itself."""
    context_tokens: int | None = None
    """How many tokens each agent's conversation may hold, if that is not the agent's own affair."""
    steps: Steps | None = None
    """Where the calls of models and tools are kept, of a durable run."""
    elsewhere: Elsewhere | None = None
    """Who has members do their work in other processes, if that is to be."""
    take: Callable[[Spent], None] = lambda spent: None
    """Hears what the run took once it is over, also if it failed."""

    def inside(self, name: str) -> Surroundings:
        """Those of a part of the run, whose calls are kept apart from those of others."""
        return self if self.steps is None else replace(self, steps=self.steps.child(name))
