"""Whether a run falls short: of an earlier one by its ratios, of its own bounds without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median

from benchmarks.goals import Outcome
from benchmarks.plan import Section
from benchmarks.record import Record
from benchmarks.table import Table

SHORT = 0.15
"""How much worse the median of a ratio's rounds may get."""
AGREE = 0.9
"""The share of all pairs of a round then and a round now that must say "worse" as well.

Medians alone do not do: of two runs of the same code, every third ratio's were 15 % apart, each
time among rounds that were further apart than that. With five rounds then and three now, equals
agree so well by chance in 4 of 100 comparisons, and with the three that are taken before it counts
in 1 or 2. That the best round now be worse than the worst then would be stricter still, but would
tell the less the more rounds there are."""


@dataclass(frozen=True)
class Comparison:
    """What a goal is about then and now."""

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
        then, now = median(self._possible(self.then)), median(self._possible(self.now))
        return (now / then if self.now.goal.more_is_better else then / now) - 1

    @property
    def is_judged(self) -> bool:
        """Whether there is something to hold it against: what was measured then, or a bound."""
        has_bound = self.now.goal.theirs is None and self.now.ratio is not None
        return has_bound or self.then.ratio is not None

    @property
    def falls_short(self) -> bool:
        """Whether it clearly got worse, is past a bound of its own, or is measured no longer."""
        if self.now.ratio is None:
            return self.then.ratio is not None
        if self.now.goal.theirs is None:
            return not self.now.holds
        return self._seems_worse and self._share_worse >= AGREE

    @property
    def is_in_doubt(self) -> bool:
        """Whether its median got so much worse, in rounds that differ too much to tell."""
        return self._seems_worse and not self.falls_short

    @property
    def _seems_worse(self) -> bool:
        return self.is_compared and self.change is not None and self.change < -SHORT

    @property
    def _share_worse(self) -> float:
        """Of all pairs of a round then and a round now, those in which now is worse."""
        sign = 1 if self.now.goal.more_is_better else -1
        pairs = list(product(self._possible(self.then), self._possible(self.now)))
        return sum(sign * now < sign * then for then, now in pairs) / len(pairs)

    def _possible(self, outcome: Outcome) -> list[float]:
        """The rounds, those below what is possible as the least that is."""
        taken = outcome.ratio.taken if outcome.ratio else ()
        return [max(value, self.now.goal.floor) for value in taken]


def compare(then: Record, now: Record) -> list[Comparison]:
    """Each goal then and now."""
    before = {outcome.goal.key: outcome for outcome in then.outcomes}
    return [Comparison(before[outcome.goal.key], outcome) for outcome in now.outcomes]


def sections_to_repeat(comparisons: Sequence[Comparison]) -> list[Section]:
    """The measurements of what falls short; not of what was not measured, which will not change."""
    short = (each for each in comparisons if each.falls_short and each.now.ratio is not None)
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
