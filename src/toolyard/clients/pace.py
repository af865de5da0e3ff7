"""How soon to try again."""

from __future__ import annotations

import math
import random
from collections import deque

import anyio

from toolyard.core.errors import Unreachable

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 5.0

LEAST_S = 0.1
SOON_S = 0.25
"""The longest pause before the first try to reach a server again."""
MOST_STARTS = 20
STARTS_S = 60.0
"""The time within which a process is started no more than `MOST_STARTS` times."""


class Pace:
    """Some time between two tries, twice as long each time until one lasts."""

    def __init__(self) -> None:
        self._pause_s = FIRST_PAUSE_S
        self._last = -math.inf

    async def keep(self) -> None:
        """Wait until the next try may begin; the first may at once."""
        if anyio.current_time() - self._last > STEADY_S:
            self._pause_s = FIRST_PAUSE_S
        else:
            await anyio.sleep_until(self._last + self._pause_s)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._last = anyio.current_time()


class Backoff:
    """How long to wait before the next try to reach a server: longer each time, and at random.

    Many that lost the same server do not all come back in the same moment.
    """

    def __init__(self) -> None:
        self._most_s = SOON_S

    @property
    def is_soon(self) -> bool:
        """Whether the next pause is a short one: nothing has been tried yet."""
        return self._most_s == SOON_S

    def next_s(self) -> float:
        """Seconds to wait now."""
        most_s, self._most_s = self._most_s, min(2 * self._most_s, LONGEST_PAUSE_S)
        return random.uniform(LEAST_S, most_s)  # noqa: S311  (nobody gains by guessing it)


class Starts:
    """How often a process may be started anew, whoever wants it to be."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=MOST_STARTS)

    def take(self, where: str) -> None:
        """Count a start.

        Raises:
            Unreachable: There have been too many; the text says when there may be one again.
        """
        now = anyio.current_time()
        wait_s = self._last[0] + STARTS_S - now if len(self._last) == MOST_STARTS else 0.0
        if wait_s > 0:
            raise Unreachable(
                f"Cannot start {where}: it was started {MOST_STARTS} times within "
                f"{STARTS_S:g} s and did not stay; it may be started again in {wait_s:.0f} s."
            )
        self._last.append(now)
