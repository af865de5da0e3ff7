"""A member's place in one run of a workflow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from toolyard.agents.run_result import RunResult
from toolyard.llm.session import Said
from toolyard.orchestration.member import Member
from toolyard.orchestration.workflow_result import Spent


class Seat(Protocol):
    """A member in one run: what it hears and says there is nothing to any other run."""

    member: Member

    @property
    def remembers(self) -> bool:
        """Whether it knows what it was told before; else it must be told all of it each time."""
        ...

    @property
    def spent(self) -> Spent:
        """What it has taken so far, also where it failed."""
        ...

    async def say(self, said: Sequence[Said], output: Any) -> RunResult[Any]:
        """Tell it something, and what it answers, of the type `output` if one is given."""
        ...
