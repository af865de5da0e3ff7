"""What operators are told of a server, or of all workers that serve together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.metrics import COUNTS, Counts, Metrics

if TYPE_CHECKING:
    from toolyard.servers.workers.team import Team

HEALTH = "health"
"""The question how a worker's sources are."""
SUMMED = ("in_flight", "draining", "restarts")
WORST_FIRST = ("failed", "unreachable", "unknown", "starting", "draining", "disabled", "ready")


class Telling:
    """Tells of the server that has `metrics` and `registry`, and of its `team`, if it is in one."""

    def __init__(self, metrics: Metrics, registry: ToolRegistry, team: Team | None) -> None:
        self._metrics = metrics
        self._registry = registry
        self._team = team
        if team is not None:
            team.answers[COUNTS] = lambda _: self._counts()
            team.answers[HEALTH] = lambda _: registry.health()

    async def health(self) -> Mapping[str, Any]:
        """How each source is."""
        if self._team is None:
            return self._registry.health()
        everyone = [told for told in await self._team.ask(HEALTH) if told is not None]
        return _together(everyone or [self._registry.health()], await self.counts())

    async def counts(self) -> Counts:
        """All that was counted."""
        if self._team is None:
            return self._metrics.counts()
        total: list[Counts] = await self._team.ask(COUNTS)
        return total[0] if total else self._counts()

    def _counts(self) -> Counts:
        counts = self._metrics.counts()
        for name, told in self._registry.health().items():
            for key in ("calls", "errors"):
                counts.sources[name, key] = told[key]
        return counts


def _together(everyone: Iterable[Mapping[str, Any]], counts: Counts) -> Mapping[str, Any]:
    """What workers tell of their sources: the worst of them, with the numbers of all."""
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for told in everyone:
        for name, source in told.items():
            by_source.setdefault(name, []).append(source)
    return {
        name: {
            **min(tellings, key=_badness),
            **_sums(tellings),
            "calls": counts.sources[name, "calls"],
            "errors": counts.sources[name, "errors"],
        }
        for name, tellings in by_source.items()
    }


def _badness(source: Mapping[str, Any]) -> int:
    state = source["state"]
    return WORST_FIRST.index(state) if state in WORST_FIRST else 0


def _sums(tellings: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
    sums = Counter[str]()
    for told in tellings:
        sums.update({key: told[key] for key in SUMMED if isinstance(told.get(key), int)})
    return sums
