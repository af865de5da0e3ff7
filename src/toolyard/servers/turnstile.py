"""How many connections a server holds, for whom, and word of those it cuts off."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable

from toolyard.security.address import UNIX, network_of
from toolyard.security.refusal import Reason
from toolyard.servers.limits import Limits

OnCut = Callable[[Reason, str | None], None]
"""Told why a connection was cut off, and the address at its other end."""


class Turnstile:
    """Counts the connections of one server, in all and by address, IPv6 by /64."""

    def __init__(self, limits: Limits, on_cut: OnCut) -> None:
        self.limits = limits
        self.cut = on_cut
        self._held: Counter[str] = Counter()
        self._all = 0

    def admit(self, address: str | None) -> str | None:
        """Whom a connection from `address` counts for until `leave`; `None` if there is no room.

        There never is for an unknown address: its peer left before we could ask who that was.
        """
        if address is None:
            return None
        holder = network_of(address)
        limits = self.limits
        if self._all >= limits.connections or self._held[holder] >= limits.connections_per_address:
            self.cut("connections", address)
            return None
        self._all += 1
        self._held[holder] += 1
        return holder

    def leave(self, holder: str | None) -> None:
        """A connection that was admitted for `holder`, if for anybody, is gone."""
        if holder is None:
            return
        self._all -= 1
        self._held[holder] -= 1
        if not self._held[holder]:
            del self._held[holder]


def address_of(accepted: socket.socket | None) -> str | None:
    """The address at the other end, `unix` on a Unix socket; `None` if nobody knows any more."""
    if accepted is None:
        return None
    if accepted.family == getattr(socket, "AF_UNIX", None):
        return UNIX
    try:
        return accepted.getpeername()[0]
    except OSError:
        return None
