"""Members of teams for tests: agents whose models say what they are told to, and who remember
what they heard."""

from __future__ import annotations

from typing import TypeVar

from toolyard.agents.agent import Agent
from toolyard.core.context import Event
from toolyard.events.bus import EventBus
from toolyard.events.orchestration_events import OrchestrationEvent
from toolyard.llm.scripted_model import Line, ScriptedModel

E = TypeVar("E", bound=Event)


class Player:
    """An agent with a script; `heard` is what it was told, one text for each request."""

    def __init__(self, name: str, *lines: Line, expertise: str = "") -> None:
        self.model = ScriptedModel(*lines)
        self.agent = Agent(name, self.model, expertise=expertise)

    @property
    def heard(self) -> list[str]:
        """What the last message to it said, for each time that its model was asked."""
        return [request.messages[-1].text for request in self.model.requests]


class Ear:
    """A bus, and all events that it heard, in order."""

    def __init__(self) -> None:
        self.events = list[Event]()
        self.bus = EventBus()
        self.bus.add(self.events.append)

    @property
    def names(self) -> list[str]:
        """The kinds of those of the orchestration."""
        found = [each for each in self.events if isinstance(each, OrchestrationEvent)]
        return [type(each).__name__ for each in found]

    def of(self, kind: type[E]) -> list[E]:
        """Those of one kind."""
        return [each for each in self.events if isinstance(each, kind)]
