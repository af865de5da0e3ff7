"""How often one caller may call."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol, Self

from toolyard.core.errors import ConfigError

MAX_KEYS = 10_000
ROUNDING_S = 1e-6

_TEXT = re.compile(
    r"(?P<count>[0-9]{1,9}) */ *(?P<unit>s|min|h)(?: +burst +(?P<burst>[0-9]{1,9}))?"
)
_SECONDS = {"s": 1, "min": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`burst` calls at once, and `per_second` more each second.

    Raises:
        ConfigError: The rate is not positive, or `burst` is below 1.
    """

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        if not self.per_second > 0 or self.burst < 1:
            raise ConfigError("A rate limit needs a rate above 0 and a burst of at least 1.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The limit that `10/s`, `600/min`, `1000/h` or `10/s burst 50` says.

        Without a burst it is the count, so that who keeps to it is never refused however the
        calls are spread.

        Raises:
            ConfigError: `text` is not of that form.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r} is not a rate such as 10/s, 600/min or 10/s burst 50.")
        count = int(match["count"])
        return cls(count / _SECONDS[match["unit"]], int(match["burst"] or count))


class Limiter(Protocol):
    """Counts calls by key."""

    def check(self, key: Hashable, now: float) -> float:
        """As `RateLimiter.check`."""
        ...


MakeLimiter = Callable[[RateLimit, str], Limiter]
"""Makes a limiter, with a name that no other of the same server has."""


class RateLimiter:
    """A bucket for each key, remembered for the `max_keys` that called last.

    A key that is forgotten starts with a full bucket.
    """

    def __init__(self, limit: RateLimit, *, max_keys: int = MAX_KEYS) -> None:
        self._interval_s = 1 / limit.per_second
        self._slack_s = (limit.burst - 1) / limit.per_second
        self._max_keys = max_keys
        # When a key's bucket will be full again: all there is to know of it.
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def check(self, key: Hashable, now: float) -> float:
        """Count a call of `key` if it is allowed.

        Args:
            key: Whom to count it with.
            now: Seconds on a clock that never goes back.

        Returns:
            0 if the call is allowed, else the seconds until one would be; that call is not counted.
        """
        full_at = self._full_at.get(key, now)
        if full_at < now:
            full_at = now
        wait_s = full_at - now - self._slack_s
        if wait_s <= ROUNDING_S:
            self._full_at[key] = full_at + self._interval_s
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._max_keys:
            self._full_at.popitem(last=False)
        return wait_s if wait_s > ROUNDING_S else 0.0


def limiter_of_its_own(limit: RateLimit, name: str) -> Limiter:
    """A limiter of this process alone."""
    del name
    return RateLimiter(limit)
