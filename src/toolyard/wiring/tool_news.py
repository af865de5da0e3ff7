"""What the tools of an agent do, told as they do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from toolyard.core.context import Event
from toolyard.events.agent_events import ToolCallDetected, ToolExecutionCompleted
from toolyard.events.bus import EventBus


@dataclass(frozen=True, slots=True)
class ToolBegan:
    """The model wants a tool run."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """It is done, well or not, or was not allowed."""

    name: str
    arguments: Mapping[str, Any]
    """With which it was run."""
    said: str
    """What the model is told."""
    is_error: bool
    duration_s: float


ToolNews = ToolBegan | ToolEnded


def tool_bus(hear: Callable[[ToolNews], None]) -> EventBus:
    """A bus for agents whose tools `hear` is to be told of, at once: it must be quick."""

    def tell(event: Event) -> None:
        if isinstance(event, ToolCallDetected):
            hear(ToolBegan(event.tool_name, event.parameters))
        elif isinstance(event, ToolExecutionCompleted):
            said = event.result if event.success else event.error
            ended = ToolEnded(
                event.tool_name,
                event.parameters,
                said or "",
                is_error=not event.success,
                duration_s=event.duration_s,
            )
            hear(ended)

    bus = EventBus()
    bus.add(tell, ToolCallDetected, ToolExecutionCompleted)
    return bus
