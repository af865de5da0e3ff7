"""What proxies write about the way a request came: `X-Forwarded-For` and `Forwarded` (RFC 7239)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from toolyard.security.plain_address import plain_address

MAX_HOPS = 32

Hop = str | None
"""A canonical address, or `None` for an identifier that hides it."""


class Malformed(ValueError):
    """The header does not follow its grammar."""


HopReader = Callable[[str], Sequence[Hop]]
"""Gives the hops of a header's value, the farthest first, never none; raises `Malformed`."""

_NODE = re.compile(
    r"""
    (?: (?P<hidden> unknown | _[A-Za-z0-9._-]+ )
      | (?P<v4> [0-9.]{7,15} )
      | \[ (?P<v6> [0-9A-Fa-f]*:[0-9A-Fa-f:.]* ) \] )
    (?: : (?: (?P<port> [0-9]{1,5} ) | _[A-Za-z0-9._-]+ ) )?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PAIR = re.compile(
    r"""
    [ \t]* (?P<name> [!#$%&'*+.^_`|~0-9A-Za-z-]+ )
    = (?: (?P<token> [!#$%&'*+.^_`|~0-9A-Za-z-]+ )
        | " (?P<quoted> (?: [\t !#-\[\]-~] | \\[\t -~] )* ) " )
    [ \t]* (?P<end> [;,] | \Z )
    """,
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")
_MAX_PORT = 65535


def hop_reader(header: str) -> HopReader:
    """How to read `header`, which is in lower case."""
    return _READERS.get(header, _read_single)


def _read_list(value: str) -> Sequence[Hop]:
    items = value.split(",")
    if len(items) > MAX_HOPS:
        raise Malformed
    return [_item(item.strip(" \t")) for item in items]


def _read_single(value: str) -> Sequence[Hop]:
    return [_item(value.strip(" \t"))]


def _item(text: str) -> Hop:
    # Outside `Forwarded`, IPv6 is usual without brackets, and then cannot carry a port.
    return plain_address(text) or _node(text)


def _node(text: str) -> Hop:
    match = _NODE.fullmatch(text)
    if match is None or int(match["port"] or 0) > _MAX_PORT:
        raise Malformed
    if match["hidden"]:
        return None
    address = plain_address(match["v4"] or match["v6"])
    if address is None:
        raise Malformed
    return address


def _read_forwarded(value: str) -> Sequence[Hop]:
    hops: list[Hop] = []
    names: dict[str, str] = {}
    position, end = 0, ","
    while end:
        name, node, end, position = _pair(value, position)
        if name in names or len(hops) == MAX_HOPS:
            raise Malformed
        names[name] = node
        if end != ";":
            hops.append(_node(names.get("for", "")))
            names = {}
    return hops


def _pair(value: str, position: int) -> tuple[str, str, str, int]:
    match = _PAIR.match(value, position)
    if match is None:
        raise Malformed
    text = match["token"] or _ESCAPED.sub(r"\1", match["quoted"] or "")
    return match["name"].lower(), text, match["end"], match.end()


_READERS: dict[str, HopReader] = {"x-forwarded-for": _read_list, "forwarded": _read_forwarded}
