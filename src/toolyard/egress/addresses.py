"""Which addresses may be dialled: public ones, and those that were allowed by name.

The lists are ours, because what Python calls global differs between its releases and lets
through addresses that lead inside, such as NAT64 and 6to4 around 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from toolyard.core.errors import ConfigError
from toolyard.security.plain_address import plain_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a carrier's NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's host
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",  # documentation, as are 198.51.100.0 and 203.0.113.0
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo and other protocols
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",
            "3fff::/20",  # documentation
        ),
    )
)
_ISATAP = 0x5EFE
_ISATAP_MASK = 0xFDFFFFFF

_METADATA = frozenset(
    map(
        ip_address,
        (
            "100.100.100.200",
            "168.63.129.16",
            "169.254.0.23",
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "192.0.0.192",
            "fd00:ec2::23",
            "fd00:ec2::254",
            "fd20:ce::254",
        ),
    )
)
"""Where clouds hand out credentials to whoever asks from inside a machine."""

_HIDES_LAST_BITS = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_6TO4 = IPv6Network("2002::/16")


class AddressRules:
    """Decides which addresses may be dialled.

    Args:
        allow_private: Addresses or CIDR blocks that may be dialled though they are not public. An
            address of a cloud's metadata service counts only if it stands there itself.
        deny: Addresses or CIDR blocks that are never dialled.

    Raises:
        ConfigError: An item is neither an address nor a block.
    """

    def __init__(self, allow_private: Sequence[str] = (), deny: Sequence[str] = ()) -> None:
        self._allowed = [network_of(item, "allow_private") for item in allow_private]
        self._denied = [network_of(item, "deny") for item in deny]
        self._named = {
            each.network_address for each in self._allowed if each.prefixlen == each.max_prefixlen
        }

    def admit(self, text: str) -> bool:
        """Whether the address `text` may be dialled; what is no address, or has a zone, may not."""
        plain = plain_address(text)
        if plain is None:
            return False
        address = ip_address(plain)
        if _is_within(address, self._denied):
            return False
        if address in _METADATA or _hidden(address) in _METADATA:
            return address in self._named
        return is_public(address) or _is_within(address, self._allowed)


def is_public(address: Address) -> bool:
    """Whether `address` is one of the internet at large, and nothing but that."""
    if isinstance(address, IPv4Address):
        return not _is_within(address, _NOT_PUBLIC_4)
    is_isatap = (int(address) >> 32) & _ISATAP_MASK == _ISATAP
    return address in _PUBLIC_6 and not is_isatap and not _is_within(address, _NOT_PUBLIC_6)


def network_of(item: str, place: str) -> Network:
    """The network that `item`, an address or a CIDR block, names; `ConfigError` if it is none."""
    try:
        network = ip_network(item, strict=False)
    except ValueError:
        raise ConfigError(
            f"{place}: {item!r} is not an IP address or a CIDR block such as 10.0.0.0/8."
        ) from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise ConfigError(f"{place}: write {item!r} as the IPv4 address that it stands for.")
    return network


def is_network(item: str) -> bool:
    """Whether `item` is an address or a CIDR block."""
    try:
        ip_network(item, strict=False)
    except ValueError:
        return False
    return True


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _hidden(address: Address) -> Address | None:
    """The IPv4 address that a gateway would make of an IPv6 one."""
    if isinstance(address, IPv4Address):
        return None
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return IPv4Address(int(address) & 0xFFFFFFFF) if _is_within(address, _HIDES_LAST_BITS) else None
