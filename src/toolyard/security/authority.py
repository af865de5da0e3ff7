"""The host and port of a `Host` header, and the scheme, host and port of an `Origin`."""

from __future__ import annotations

import re
from typing import NamedTuple

from toolyard.security.plain_address import plain_address

MAX_CHARS = 300
"""More than any DNS name with a scheme and a port has."""

_AUTHORITY = re.compile(
    r"""
    (?: \[ (?P<v6> [0-9A-Fa-f]*:[0-9A-Fa-f:.]* ) \]
      | (?P<name> [A-Za-z0-9_-]+ (?: \. [A-Za-z0-9_-]+ )* ) )
    (?: : (?P<port> [0-9]{1,5} ) )?
    """,
    re.VERBOSE,
)
_ORIGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/]+)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535


class Authority(NamedTuple):
    """A host in lower case, IP addresses in canonical form without brackets, and its port."""

    host: str
    port: int | None


class Origin(NamedTuple):
    """A browser's origin; the port is there whenever the scheme has a default one."""

    scheme: str
    host: str
    port: int | None


def read_authority(text: str) -> Authority | None:
    """The authority `text` is, `None` unless it is exactly `host` or `host:port`.

    User information, a path, a trailing dot, an empty label or port and a port not in 1..65535
    make it none. Numbers that some resolvers read as IPv4 (`0x7f.1`) stay names.
    """
    match = _AUTHORITY.fullmatch(text) if len(text) <= MAX_CHARS else None
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    host = plain_address(match["v6"]) if match["v6"] else match["name"].lower()
    if host is None or (port is not None and not 0 < port <= _MAX_PORT):
        return None
    return Authority(host, port)


def read_origin(text: str) -> Origin | None:
    """The origin `text` is, `None` unless it is exactly `scheme://host` or `scheme://host:port`."""
    match = _ORIGIN.fullmatch(text) if len(text) <= MAX_CHARS else None
    authority = read_authority(match["authority"]) if match else None
    if match is None or authority is None:
        return None
    scheme = match["scheme"].lower()
    return Origin(scheme, authority.host, authority.port or default_port(scheme))


def default_port(scheme: str) -> int | None:
    """The port that `scheme` means when none is written."""
    return _DEFAULT_PORTS.get(scheme)
