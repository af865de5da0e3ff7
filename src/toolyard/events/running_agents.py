"""Which agents are running, and what each is doing at the moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolyard.core.context import Event
from toolyard.events.agent_events import (
    AgentEvent,
    LLMCallCompleted,
    LLMCallStarted,
    LLMContentDelta,
    LLMReasoningDelta,
    LLMWaiting,
    SendCompleted,
    SendFailed,
    SendStarted,
    ToolCallDetected,
    ToolExecutionCompleted,
)
from toolyard.events.agent_lines import lasted, named

MOST_RUNS = 1_000
"""Beyond so many, the oldest is taken for one whose end was never told."""
WAITS = "waits for the model"
DOING: Mapping[type[AgentEvent], str] = {
    LLMReasoningDelta: "thinks",
    LLMContentDelta: "writes",
    LLMWaiting: WAITS,
}


@dataclass(slots=True)
class Run:
    """One that has not ended."""

    agent: str
    started: float = field(default_factory=time.monotonic)
    turn: int = 0
    doing: str = "begins"
    tools: list[str] = field(default_factory=list[str])
    """Those that run now."""
    tokens: int = 0

    def text(self) -> str:
        """It, on one line."""
        doing = f"runs {', '.join(self.tools)}" if self.tools else self.doing
        spent = lasted(time.monotonic() - self.started)
        return f"{self.agent}  turn {self.turn} · {doing} · {spent} · {self.tokens:,} tokens"


class RunningAgents:
    """An event handler that knows what is under way."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], Run] = {}

    def runs(self) -> Sequence[Run]:
        """Those under way, the oldest first."""
        return list(self._runs.values())

    def __call__(self, event: Event) -> None:
        """Note what `event` changes."""
        if not isinstance(event, AgentEvent):
            return
        key = event.agent_id, event.run_id
        if isinstance(event, SendStarted):
            if len(self._runs) >= MOST_RUNS:
                del self._runs[next(iter(self._runs))]
            self._runs[key] = Run(named(event.agent_name))
        elif isinstance(event, SendCompleted | SendFailed):
            self._runs.pop(key, None)
        elif run := self._runs.get(key):
            _note(run, event)


def _note(run: Run, event: AgentEvent) -> None:
    match event:
        case LLMCallStarted(iteration=iteration):
            run.turn, run.doing = iteration, WAITS
            run.tools.clear()
        case LLMCallCompleted(tokens_used=tokens):
            run.tokens += tokens
        case ToolCallDetected(tool_name=tool):
            run.tools.append(named(tool))
        case ToolExecutionCompleted(tool_name=tool):
            if named(tool) in run.tools:
                run.tools.remove(named(tool))
        case _:
            run.doing = DOING.get(type(event), run.doing)
