"""Whether a run falls short of an earlier one, by the ratios that goals are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.goals import Outcome
from benchmarks.plan import Section
from benchmarks.record import Record
from benchmarks.table import Table

SHORT = 0.15
"""How much worse a ratio may get. The medians of three short rounds, now and a minute later, differ
by less on a quiet machine; where they do not, more rounds are taken before it counts."""


@dataclass(frozen=True)
class Comparison:
    """One goal's ratio then and now."""

    then: Outcome
    now: Outcome

    @property
    def is_compared(self) -> bool:
        """Whether it was measured then, and beside others: milliseconds are the machine's."""
        return self.then.ratio is not None and self.then.goal.theirs is not None

    @property
    def change(self) -> float | None:
        """How much better it got, as a share: -0.2 is a fifth worse; None if not measured."""
        if self.then.ratio is None or self.now.ratio is None:
            return None
        then, now = self.then.ratio.median, self.now.ratio.median
        return (now / then if self.now.goal.more_is_better else then / now) - 1

    @property
    def falls_short(self) -> bool:
        """Whether it got so much worse, or is measured no longer."""
        return self.is_compared and (self.change is None or self.change < -SHORT)


def compare(then: Record, now: Record) -> list[Comparison]:
    """Each goal's ratio then and now."""
    before = {outcome.goal.key: outcome for outcome in then.outcomes}
    return [Comparison(before[outcome.goal.key], outcome) for outcome in now.outcomes]


def sections_to_repeat(comparisons: Sequence[Comparison]) -> list[Section]:
    """The measurements of what falls short; not of what was not measured, which will not change."""
    short = (each for each in comparisons if each.falls_short and each.change is not None)
    return list(dict.fromkeys(each.now.goal.section for each in short))


def pooled(first: Sequence[Table], second: Sequence[Table]) -> list[Table]:
    """The tables of `first`, each with the rounds of `second` as well."""
    more = {table.key: table.rounds for table in second}
    return [
        Table(
            *(table.key, table.title, table.base, table.metrics),
            [*table.rounds, *more.get(table.key, [])],
            table.missing,
        )
        for table in first
    ]
