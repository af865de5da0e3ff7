"""Numbers of several rows, taken in rounds, and their ratios to one of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Values = Mapping[str, float]
"""What was measured once, by metric."""

_ENOUGH = 3
"""Rounds from which on their agreement means something."""


@dataclass(frozen=True)
class Metric:
    """A column: its key, its heading and which way is better."""

    key: str
    heading: str
    more_is_better: bool = False


@dataclass(frozen=True)
class Ratio:
    """One row's value over the base's of the same round, as each round has it; at least one."""

    taken: tuple[float, ...]

    @property
    def median(self) -> float:
        """What is shown and judged: one bad round does not change it."""
        return median(self.taken)

    @property
    def low(self) -> float:
        """The least of the rounds."""
        return min(self.taken)

    @property
    def high(self) -> float:
        """The most of the rounds."""
        return max(self.taken)

    @property
    def rounds(self) -> int:
        """How many there were."""
        return len(self.taken)

    @property
    def tells_apart(self) -> bool:
        """Whether enough rounds agree, without exception, on which of the two is larger."""
        return self.rounds >= _ENOUGH and (self.low > 1 or self.high < 1)


@dataclass
class Table:
    """One comparison. A round measures every row once, so that noise falls on all alike."""

    key: str
    title: str
    base: str
    metrics: Sequence[Metric]
    rounds: list[dict[str, Values]] = field(default_factory=list[dict[str, Values]])
    missing: dict[str, str] = field(default_factory=dict[str, str])
    """Why rows that belong here could not be measured."""

    @property
    def rows(self) -> list[str]:
        """The rows' names, in the order they were first measured."""
        return list(dict.fromkeys(name for values in self.rounds for name in values))

    def value(self, row: str, metric: str) -> float:
        """The median over the rounds."""
        return median(values[row][metric] for values in self.rounds)

    def ratio(self, row: str, metric: str, base: str | None = None) -> Ratio | None:
        """`row` over `base`, or over the table's; None when a value is missing or zero."""
        below = self.base if base is None else base
        pairs = [(values.get(row), values.get(below)) for values in self.rounds]
        return ratio_of(
            [ours[metric] / base[metric] for ours, base in pairs if ours and base and base[metric]]
        )


def ratio_of(ratios: Sequence[float]) -> Ratio | None:
    """What the ratios of the rounds say together, or None when there are none."""
    return Ratio(tuple(ratios)) if ratios else None


def growth(few: Table, many: Table, row: str, metric: str) -> Ratio | None:
    """What `row` took in a round of `many` over the same round of `few`."""
    pairs = [
        (more[row][metric], less[row][metric])
        for less, more in zip(few.rounds, many.rounds, strict=False)
        if row in less and row in more
    ]
    return ratio_of([more / less for more, less in pairs if less])
