"""In what a member of a workflow works: who hears of it, and what it may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolyard.events.bus import EventBus
from toolyard.llm.budget import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run of a workflow gives to its members, and to workflows among them."""

    bus: EventBus = field(default_factory=EventBus)
    """Who hears of all that they do, besides those who hear of one of them."""
    budgets: tuple[Budget, ...] = ()
    """What all of them may use together: that of the workflow, and of those it is a member of."""
    system_context: str = ""
    """What each agent is told of the team, after what it is to do itself."""
