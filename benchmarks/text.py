"""Figures as text."""

from __future__ import annotations

from benchmarks.table import Ratio


def number(value: float) -> str:
    """A figure with as many digits as it deserves."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def with_spread(spread: Ratio, unit: str = "") -> str:
    """The median in `unit`, and the least and the most of the rounds."""
    space = " " if len(unit) > 1 else ""
    return f"{number(spread.median)}{space}{unit} ({number(spread.low)} to {number(spread.high)})"
