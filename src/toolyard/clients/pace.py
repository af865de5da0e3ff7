"""How soon to try again."""

from __future__ import annotations

import math

import anyio

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 5.0


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
