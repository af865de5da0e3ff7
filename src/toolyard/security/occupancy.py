"""How much may be going on at once: connections or requests, in all and from one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from toolyard.security.address import network_of
from toolyard.security.refusal import retry_later

_RETRY_S = 1.0


class Occupancy:
    """Counts what is in progress against two limits; IPv6 addresses are counted by /64.

    Args:
        total: At most this many at once.
        per_address: At most this many at once from one address.
    """

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._by_network: Counter[str] = Counter()
        self.in_progress = 0

    @contextmanager
    def place(self, address: str) -> Generator[None]:
        """Hold a place while something from `address` is in progress.

        Raises:
            Refusal: 503 when all places are taken, 429 when the address has all of its own.
        """
        network = network_of(address)
        if self._by_network[network] >= self._per_address:
            raise retry_later(429, "busy", "Too much at once from your address.", _RETRY_S)
        if self.in_progress >= self._total:
            raise retry_later(503, "busy", "The server is busy.", _RETRY_S)
        self._by_network[network] += 1
        self.in_progress += 1
        try:
            yield
        finally:
            self.in_progress -= 1
            self._leave(network)

    def _leave(self, network: str) -> None:
        self._by_network[network] -= 1
        if not self._by_network[network]:
            del self._by_network[network]
