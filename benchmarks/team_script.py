"""What every agent of a team says, and how many are in its layers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, TypeVar, get_args

Pattern = Literal["round-robin", "parallel", "layers"]

TASK, ANSWER = "Say something.", "I agree with that."
ROUNDS, LAYERS = 2, 4

PATTERNS: Mapping[str, Pattern] = {each: each for each in get_args(Pattern)}
"""All of them, by their names."""

Thing = TypeVar("Thing")


def layers_of(things: Sequence[Thing]) -> list[Sequence[Thing]]:
    """`things` in as many layers as there are."""
    return [things[at::LAYERS] for at in range(LAYERS)]


def turns_of(pattern: Pattern, agents: int) -> int:
    """How often a model answers in a run."""
    return ROUNDS * agents if pattern == "round-robin" else agents


def heard_by_last(pattern: Pattern, agents: int) -> int:
    """How many answers the last request of a run has in it."""
    if pattern == "round-robin":
        return ROUNDS * agents - 1
    return 0 if pattern == "parallel" else len(layers_of(range(agents))[-2])


def heard_in(pattern: Pattern, agents: int) -> int:
    """How many answers those who are asked have not heard before, all together, in a run."""
    if pattern == "round-robin":
        return agents * (agents - 1) // 2 + (ROUNDS - 1) * agents * (agents - 1)
    if pattern == "parallel":
        return 0
    return sum(len(one) * len(other) for one, other in pairwise(layers_of(range(agents))))


class Script:
    """What a model does: it answers at once, always the same."""

    def __init__(self) -> None:
        self.turns = 0
        """How often it was asked since `begin`."""
        self._counting = threading.Lock()
        self._last = 0
        self._look: Callable[[str], None] | None = None

    def begin(self, last: int = 0, look: Callable[[str], None] | None = None) -> None:
        """Count from now on, and `look` at the request number `last`."""
        self.turns, self._last, self._look = 0, last, look

    async def answer(self, texts: Callable[[], str]) -> str:
        """What it says to a request with these texts, which are made only to be looked at."""
        await asyncio.sleep(0)  # as every model it lets others go on, or agents were not at once
        return self.answer_in_thread(texts)

    def answer_in_thread(self, texts: Callable[[], str]) -> str:
        """As `answer`, for a framework that asks its models in threads."""
        with self._counting:
            self.turns += 1
            if self._look is not None and self.turns == self._last:
                self._look(texts())
        return ANSWER
