"""A circuit breaker: nobody waits for a server that has stopped answering."""

from __future__ import annotations

import time

from toolyard.core.errors import StoreUnavailable


class Circuit:
    """Opens after some failures in a row; one request after each pause may close it again."""

    def __init__(self, *, failures: int, pause_s: float, probe_s: float) -> None:
        """A closed one.

        Args:
            failures: In a row, after which it opens.
            pause_s: How long all requests are refused after a failure.
            probe_s: How long the one request that is let through has the server to itself.
        """
        self._failures = failures
        self._pause_s = pause_s
        self._probe_s = probe_s
        self._in_a_row = 0
        self._refuses_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are refused, but for one now and then."""
        return self._in_a_row >= self._failures

    def enter(self) -> None:
        """Let a request through, or raise `StoreUnavailable`."""
        if not self.is_open:
            return
        now = time.monotonic()
        if now < self._refuses_until:
            raise StoreUnavailable("Redis has not answered for a while; try again in a second.")
        self._refuses_until = now + self._probe_s  # whoever comes next waits for what we find

    def succeeded(self) -> None:
        """The server answered, whatever it said."""
        self._in_a_row = 0

    def failed(self) -> None:
        """No connection, or no answer in time."""
        self._in_a_row += 1
        self._refuses_until = time.monotonic() + self._pause_s
