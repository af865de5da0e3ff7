"""What Prometheus reads: calls, errors and latency per tool, refusals by reason."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric

COUNTS = "counts"
"""The question for the `Counts` of one of several workers."""
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Upper bounds, in seconds."""


@dataclass(slots=True)
class Durations:
    """How long the calls of one tool took."""

    sum_s: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """By bucket; the last one is for what is longer than any."""

    def cumulative(self) -> list[tuple[str, float]]:
        """The buckets as Prometheus wants them: each holds those before it."""
        bounds = [*map(str, map(float, BUCKETS)), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


@dataclass(slots=True, eq=False)
class Counts:
    """What was counted, by one server or by several together."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    durations: dict[str, Durations] = field(default_factory=dict[str, Durations])
    refused: Counter[str] = field(default_factory=Counter[str])
    sources: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Calls and errors by source, as `/status` has them."""
    in_flight: int = 0

    def add(self, other: Counts) -> None:
        """Count what `other` did, too."""
        self.calls.update(other.calls)
        self.refused.update(other.refused)
        self.sources.update(other.sources)
        for tool, durations in other.durations.items():
            own = self.durations.setdefault(tool, Durations())
            own.sum_s += durations.sum_s
            own.counts = list(map(sum, zip(own.counts, durations.counts, strict=True)))
        self.in_flight += other.in_flight

    def collect(self) -> Iterable[Metric]:
        """All of it, as prometheus_client wants to know it."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        calls = CounterMetricFamily(
            "toolyard_calls", "Tool calls by how they ended.", labels=("tool", "outcome")
        )
        for labels, count in self.calls.items():
            calls.add_metric(labels, count)
        seconds = HistogramMetricFamily(
            "toolyard_call_seconds", "How long tool calls took.", labels=("tool",)
        )
        for tool, durations in self.durations.items():
            seconds.add_metric((tool,), durations.cumulative(), durations.sum_s)
        refused = CounterMetricFamily(
            "toolyard_requests_refused",
            "Requests the gate did not let in, by reason.",
            labels=("reason",),
        )
        for reason, count in self.refused.items():
            refused.add_metric((reason,), count)
        running = GaugeMetricFamily(
            "toolyard_calls_in_flight", "Tool calls under way.", self.in_flight
        )
        return calls, seconds, running, refused

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(self)  # pyright: ignore[reportArgumentType] (nothing of its is inherited)
        return generate_latest(registry)


class Metrics:
    """The counters of one server; a tool's name appears once it was really called.

    Plain numbers until somebody asks, as one thread counts: prometheus_client's own counters
    take a lock each time. `in_flight` tells the calls under way. It is loaded when it is needed.
    """

    def __init__(self, in_flight: Callable[[], int]) -> None:
        self._in_flight = in_flight
        self._counts = Counts()

    def finished(self, tool: str, outcome: str, duration_s: float) -> None:
        """A call is over."""
        self._counts.calls[tool, outcome] += 1
        durations = self._counts.durations.get(tool)
        if durations is None:
            durations = self._counts.durations[tool] = Durations()
        durations.sum_s += duration_s
        durations.counts[bisect_left(BUCKETS, duration_s)] += 1

    def refused(self, reason: str) -> None:
        """The gate did not let a request in."""
        self._counts.refused[reason] += 1

    def counts(self) -> Counts:
        """All of it so far, which goes on being counted."""
        self._counts.in_flight = self._in_flight()
        return self._counts

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return self.counts().text()


def load_writer() -> None:
    """Have what writes the text in memory; better done in a thread, the first time."""
    import prometheus_client.core  # noqa: F401  # pyright: ignore[reportUnusedImport]
