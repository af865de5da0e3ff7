"""Names to addresses, in a bounded number of threads."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence

import anyio

from toolyard.core.threads import Threads
from toolyard.egress.addresses import AddressRules
from toolyard.egress.refusals import not_reachable, too_slow_lookup
from toolyard.egress.target import is_address

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""Gives all addresses of a name; raises `OSError` if it has none."""

LOOKUP_S = 10.0
MAX_LOOKUPS = 16
"""At once: a lookup that never ends keeps its thread, and others wait for theirs."""


class SystemResolver:
    """Asks the operating system."""

    def __init__(self) -> None:
        self._threads = Threads(MAX_LOOKUPS)

    async def __call__(self, host: str) -> Sequence[str]:
        """All addresses of `host`, in the order in which they should be tried."""
        return await self._threads.run(lambda: _addresses(host))


class VettedLookup:
    """Looks a host up once and gives its addresses only if every one of them may be dialled."""

    def __init__(self, rules: AddressRules, resolve: Resolver, *, lookup_s: float) -> None:
        self._rules = rules
        self._resolve = resolve
        self._lookup_s = lookup_s

    async def addresses(self, host: str) -> Sequence[str]:
        """The addresses to dial for `host`, a name or an address.

        Raises:
            ToolError: One of them is refused, or there is none; which of the two is not told.
        """
        found = [host] if is_address(host) else await self._looked_up(host)
        if not found or not all(map(self._rules.admit, found)):
            raise not_reachable(host)
        return found

    async def _looked_up(self, host: str) -> Sequence[str]:
        with anyio.move_on_after(self._lookup_s):
            try:
                return await self._resolve(host)
            except (OSError, UnicodeError):
                raise not_reachable(host) from None
        raise too_slow_lookup(host)


def _addresses(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))
