"""What became of a plan, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from toolyard.orchestration.planning.plan import Plan
from toolyard.orchestration.planning.recovery import Recovery


@dataclass(frozen=True, slots=True)
class Planned:
    """From now on it is done by this plan."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a name in a step stands for."""

    step_id: str
    name: str
    source: str
    """The step that gave it, or `task`."""
    by: Literal["key", "words", "decision"]
    """How it was found."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A step failed, and what was done about it."""

    step_id: str
    recovery: Recovery
    error: str


Traced = Planned | Mapped | Recovered
