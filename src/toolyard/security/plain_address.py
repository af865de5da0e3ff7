"""IP addresses in one spelling."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def plain_address(text: str, *, with_zone: bool = False) -> str | None:
    """`text` in canonical form, IPv4-mapped IPv6 as IPv4; `None` if it is not an IP address.

    Args:
        text: An address without brackets or port.
        with_zone: Accept and drop a zone (`fe80::1%eth0`), which only this machine can know.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None and not with_zone:
            return None
        address = address.ipv4_mapped or IPv6Address(int(address))
    return str(address)


def is_loopback(host: str) -> bool:
    """Whether a server bound to `host` is reachable from this machine only."""
    address = plain_address(host.strip("[]"))
    return host.lower() == "localhost" if address is None else ip_address(address).is_loopback
