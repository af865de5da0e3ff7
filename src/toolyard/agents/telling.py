"""An agent tells what it does, to those who want to know."""

from __future__ import annotations

from typing import Any

from toolyard.agents.identity import Identity
from toolyard.core.context import EventHandler
from toolyard.events.agent_events import AgentEvent, ThoughtCommitted
from toolyard.events.bus import EventBus
from toolyard.events.delivery import Delivery
from toolyard.thoughts.thought import Thought


class Telling:
    """Makes events of one run, or of none, and hands them to `bus`; unheard ones are not made."""

    __slots__ = ("_bus", "_identity", "_run_id")

    def __init__(self, bus: EventBus, identity: Identity, run_id: str = "") -> None:
        self._bus = bus
        self._identity = identity
        self._run_id = run_id

    def is_heard(self, kind: type[AgentEvent]) -> bool:
        """Whether somebody wants to know of events of `kind`."""
        return bool(self._bus.of(kind))

    def tell(self, kind: type[AgentEvent], **fields: Any) -> None:
        """Say that it happened, with the fields that `kind` has besides who and when."""
        if self._bus.of(kind):
            who = self._identity
            event = kind(agent_id=who.id, agent_name=who.name, run_id=self._run_id, **fields)
            self._bus.emit(event)

    def committed(self, thought: Thought) -> None:
        """Say that `thought` is on the disk."""
        self.tell(ThoughtCommitted, thought_type=thought.kind, index=thought.index)


def bus_of(on_event: EventHandler | EventBus | None) -> EventBus:
    """The bus of an agent whose owner wants `on_event` to hear of it."""
    if isinstance(on_event, EventBus):
        return on_event
    bus = EventBus()
    if on_event is not None:
        bus.add(Delivery(on_event))
    return bus
