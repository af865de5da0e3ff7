"""What agents use, counted for Prometheus: tokens, money, tool calls, runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Any

from toolyard.core.context import Event
from toolyard.core.printable import one_line
from toolyard.events.agent_events import (
    LLMCallCompleted,
    SendCompleted,
    SendFailed,
    ToolExecutionCompleted,
)
from toolyard.events.agent_log import CANCELLED

MOST_SERIES = 1_000
"""How many sets of names a counter tells apart; models and people choose some of the names."""
OTHER = "other"
"""The names of what comes after them."""

Names = tuple[str, ...]


class _Count:
    """A counter by `names`, which others choose and which are bounded, and by `kind`, which we do.

    So many numbers at most are kept: as many as there are kinds for each set of names.
    """

    def __init__(self, name: str, says: str, names: Names, kind: str | None = None) -> None:
        self.name = name
        self.says = says
        self.labels = names if kind is None else (*names, kind)
        self._known = set[Names]()
        self.values: Counter[Names] = Counter()

    def add(self, names: Names, amount: float, *kind: str) -> None:
        if not (math.isfinite(amount) and amount >= 0):  # a counter never goes back
            return
        names = tuple(map(one_line, names))
        if len(self._known) < MOST_SERIES:
            self._known.add(names)
        elif names not in self._known:
            names = (OTHER,) * len(names)
        self.values[*names, *kind] += amount  # pyright: ignore[reportArgumentType] (money is no int)


class AgentMetrics:
    """Counts what agents do; an event handler, and a collector of `prometheus_client`.

    `REGISTRY.register(metrics)` has it shown with all else that the process counts. Until somebody
    asks, nothing of `prometheus_client` is loaded.
    """

    def __init__(self) -> None:
        self._turn = Lock()
        self._tokens = _Count(
            "toolyard_model_tokens", "Tokens by model.", ("agent", "model"), "kind"
        )
        self._cost = _Count(
            "toolyard_model_cost_usd", "Dollars by model, where known.", ("agent", "model")
        )
        self._tools = _Count(
            "toolyard_agent_tool_calls", "Tool calls by agents.", ("agent", "tool"), "outcome"
        )
        self._runs = _Count("toolyard_agent_runs", "Runs by how they ended.", ("agent",), "outcome")

    def __call__(self, event: Event) -> None:
        """Count `event`."""
        with self._turn:
            self._count(event)

    def _count(self, event: Event) -> None:
        match event:
            case LLMCallCompleted(agent_name=agent, model=model):
                self._tokens.add((agent, model), event.input_tokens, "input")
                self._tokens.add((agent, model), event.output_tokens, "output")
                if event.cost_usd is not None:
                    self._cost.add((agent, model), event.cost_usd)
            case ToolExecutionCompleted(agent_name=agent, tool_name=tool, success=success):
                self._tools.add((agent, tool), 1, "ok" if success else "error")
            case SendCompleted(agent_name=agent):
                self._runs.add((agent,), 1, "ok")
            case SendFailed(agent_name=agent, error=error):
                self._runs.add((agent,), 1, CANCELLED if error == CANCELLED else "error")
            case _:
                pass

    def collect(self) -> Iterable[Any]:
        """All of it so far, as `Metric`s of prometheus_client."""
        from prometheus_client.core import CounterMetricFamily

        counts = (self._tokens, self._cost, self._tools, self._runs)
        with self._turn:
            families = [(each, dict(each.values)) for each in counts]
        for each, values in families:
            family = CounterMetricFamily(each.name, each.says, labels=each.labels)
            for labels, value in values.items():
                family.add_metric(labels, value)
            yield family
