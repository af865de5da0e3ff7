"""What operators want to know of a mount, kept while its sources come and go."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["starting", "ready", "unreachable", "disabled", "draining", "failed"]
_LATENCIES = 256


@dataclass(slots=True)
class Record:
    """Counts of calls, and the state, since when."""

    state: State = "starting"
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    calls: int = 0
    errors: int = 0
    """Calls that raised, or gave an error result."""
    swaps: int = 0
    last_error: str | None = None
    last_error_at: datetime | None = None
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))

    def become(self, state: State) -> None:
        """Be in `state` from now on."""
        if state != self.state:
            self.state, self.since = state, datetime.now(UTC)

    def note(self, error: str) -> None:
        """Something went wrong that operators should know."""
        self.last_error, self.last_error_at = error, datetime.now(UTC)

    def finished(self, began: float, *, is_error: bool) -> None:
        """A call is over that began at `began` on `time.perf_counter`."""
        self.calls += 1
        self.errors += is_error
        self._latencies.append(time.perf_counter() - began)

    def told(self) -> Mapping[str, Any]:
        """All of it as JSON; `latency_ms` is the median of the last calls."""
        from statistics import median  # loaded for operators: a server is rarely asked this

        latency_ms = round(median(self._latencies) * 1000, 2) if self._latencies else None
        return {
            "state": self.state,
            "since": self.since.isoformat(timespec="milliseconds"),
            "calls": self.calls,
            "errors": self.errors,
            "latency_ms": latency_ms,
            "swaps": self.swaps,
            "last_error": self.last_error,
            "last_error_at": None
            if self.last_error_at is None
            else self.last_error_at.isoformat(timespec="milliseconds"),
        }
