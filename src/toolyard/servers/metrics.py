"""What Prometheus reads: calls, errors and latency per tool, refusals by reason."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The counters of one server; a tool's name appears once it was really called."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "toolyard_calls",
            "Tool calls by how they ended.",
            ("tool", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "toolyard_call_seconds",
            "How long tool calls took.",
            ("tool",),
            registry=self._registry,
            buckets=BUCKETS,
        )
        self.in_flight = Gauge(
            "toolyard_calls_in_flight", "Tool calls under way.", registry=self._registry
        )
        self._refused = Counter(
            "toolyard_requests_refused",
            "Requests the gate did not let in, by reason.",
            ("reason",),
            registry=self._registry,
        )
        self._known: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def finished(self, tool: str, outcome: str, duration_s: float) -> None:
        """A call is over."""
        known = self._known.get((tool, outcome))
        if known is None:
            known = (self._calls.labels(tool, outcome), self._seconds.labels(tool))
            self._known[tool, outcome] = known
        known[0].inc()
        known[1].observe(duration_s)

    def refused(self, reason: str) -> None:
        """The gate did not let a request in."""
        self._refused.labels(reason).inc()

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
