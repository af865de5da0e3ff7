"""Which address a request comes from, and whether that address may come in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

from toolyard.core.errors import ConfigError
from toolyard.security.forwarded import Hop, Malformed, hop_reader
from toolyard.security.plain_address import plain_address
from toolyard.security.refusal import Refusal

UNIX = "unix"
"""The address of whoever comes through a Unix socket, and the item of a rule that names them."""

MAX_HEADER_BYTES = 4096
REMEMBERED = 4096
"""How many verdicts each policy keeps."""
REMEMBERED_HEADERS = 1024

_RULE = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
_HEADER_NAME = re.compile(r"[a-z0-9-]+")
_MAPPED_BITS = 96


class AddressPolicy:
    """Finds a request's address and decides whether it is admitted.

    An item of `allow`, `deny` or `trusted_proxies` is an address or a CIDR block (host bits are
    ignored), or `unix` for peers of a Unix socket. IPv4-mapped IPv6 counts as the IPv4 address in
    rules and requests; otherwise a rule of one family never matches the other, so `::/0` says
    nothing about IPv4. Deny beats allow.

    A peer without an address (a Unix socket) is `unix`: it is admitted when `allow` names it, or
    when there are no rules at all.

    Args:
        allow: `None` admits everyone who is not denied; an empty list admits nobody.
        deny: Never admitted.
        trusted_proxies: Peers whose `proxy_header` is believed.
        proxy_header: The one header that is read: `x-forwarded-for`, `forwarded` (RFC 7239), or
            another one that holds a single address, such as `x-real-ip`.

    Raises:
        ConfigError: An item is not an address, or the header's name is not one.
    """

    def __init__(
        self,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] = (),
        trusted_proxies: Sequence[str] = (),
        proxy_header: str = "x-forwarded-for",
    ) -> None:
        name = proxy_header.lower()
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"{proxy_header!r} is not the name of a header that proxies set.")
        self._allow = None if allow is None else _Ranges(allow, "allow")
        self._deny = _Ranges(deny, "deny")
        self._proxies = _Ranges(trusted_proxies, "trusted_proxies")
        self._header = name.encode()
        self._read_hops = hop_reader(name)
        self._verdict = lru_cache(maxsize=REMEMBERED)(self._decide)
        self._peer = lru_cache(maxsize=REMEMBERED)(self._read_peer)
        self._behind = lru_cache(maxsize=REMEMBERED_HEADERS)(self._read_client)

    def admits(self, address: str) -> bool:
        """Whether `address` may come in; what is neither an IP address nor `unix` may not."""
        return self._verdict(address)

    def client_address(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Where a request really comes from, in canonical text without a zone.

        This is the socket's peer, unless that is a trusted proxy that sent the configured header.
        Then it is the rightmost address of the header that is not itself a trusted proxy, or the
        leftmost if all are. The whole header must be well-formed; hidden identifiers (`unknown`,
        `_name`) are, but the walk must not end on one.

        Args:
            peer: The other end of the socket; `None` on a Unix socket.
            headers: Names in any case; several lines of one name count as one list.

        Raises:
            Refusal: 403: the peer is not an address, or the proxy's header cannot be used.
        """
        address, trusted = self._peer(peer)
        if not trusted:
            return address
        name = self._header
        values = [value for key, value in headers if key.lower() == name]
        if not values:
            return address
        joined = b",".join(values)
        if len(joined) > MAX_HEADER_BYTES:
            raise _unusable()
        return self._behind(joined)

    def _decide(self, address: str) -> bool:
        if address == UNIX:
            return self._decide_unix()
        plain = plain_address(address, with_zone=True)
        if plain is None or plain in self._deny:
            return False
        return self._allow is None or plain in self._allow

    def _decide_unix(self) -> bool:
        if self._allow is None:
            return self._deny.empty
        return UNIX in self._allow and UNIX not in self._deny

    def _read_peer(self, peer: str | None) -> tuple[str, bool]:
        address = UNIX if peer is None else plain_address(peer, with_zone=True)
        if address is None:
            raise Refusal(403, "address", "The connection has no address that can be checked.")
        return address, address in self._proxies

    def _read_client(self, header: bytes) -> str:
        try:
            hops = self._read_hops(header.decode("latin-1"))
        except Malformed:
            raise _unusable() from None
        return self._first_untrusted(hops)

    def _first_untrusted(self, hops: Sequence[Hop]) -> str:
        address = hops[-1]
        for address in reversed(hops):
            if address is None:
                raise _unusable()
            if address not in self._proxies:
                return address
        assert address is not None  # every hop was looked at
        return address


class _Ranges:
    """The addresses that a list of rules names."""

    def __init__(self, items: Sequence[str], place: str) -> None:
        self.empty = not items
        self._unix = UNIX in items
        networks = [_network(item, place) for item in items if item != UNIX]
        self._holds = _holding(networks) if networks else _nothing

    def __contains__(self, address: str) -> bool:
        return self._unix if address == UNIX else self._holds(address)


def _nothing(address: str) -> bool:
    del address
    return False


def _holding(networks: Sequence[IPv4Network | IPv6Network]) -> Callable[[str], bool]:
    short = [network for network in networks if isinstance(network, IPv4Network)]
    long = [network for network in networks if isinstance(network, IPv6Network)]
    blocks = [*collapse_addresses(short), *collapse_addresses(long)]  # in order, none in another
    starts = [(block.version, int(block.network_address)) for block in blocks]

    def holds(text: str) -> bool:
        address = ip_address(text)
        before = bisect_right(starts, (address.version, int(address)))
        return before > 0 and address in blocks[before - 1]

    return holds


def _network(item: str, place: str) -> IPv4Network | IPv6Network:
    try:
        if not _RULE.fullmatch(item):
            raise ValueError(item)
        network = ip_network(item, strict=False)
    except ValueError:
        raise ConfigError(
            f"{place}: {item!r} is not an IP address or a CIDR block such as 10.0.0.0/8."
        ) from None
    return _unmapped(network)


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    start = network.network_address
    if isinstance(start, IPv4Address) or network.prefixlen < _MAPPED_BITS:
        return network
    if start.ipv4_mapped is None:
        return network
    return IPv4Network((start.ipv4_mapped, network.prefixlen - _MAPPED_BITS))


@lru_cache(maxsize=REMEMBERED)
def network_of(address: str) -> str:
    """Whom to count `address` with: itself, or its /64, which is one subscriber, if it is IPv6."""
    is_ipv6 = ":" in address and plain_address(address) is not None
    return str(ip_network(f"{address}/64", strict=False)) if is_ipv6 else address


def _unusable() -> Refusal:
    return Refusal(403, "address", "The proxy did not say in a usable form who is calling.")
