"""What the gate found in the headers of a request, remembered for those that come after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolyard.servers.lane.request import Heading, heading_in

Header = tuple[bytes, bytes]

VARYING = frozenset({b"content-length", b"mcp-method", b"mcp-name"})
"""The headers that tell one call from the next; all others mostly stay the same."""
MOST_OF_VARYING = 512
"""Bytes that these may take together."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the headers of a request that may be let in say, whatever its body is."""

    address: str
    """Where the request came from."""
    token_digest: str | None
    """Of the token that it brought, if it did."""
    heading: Heading


class KnownHeaders:
    """The headers of a connection that do not vary, and what followed from them alone.

    Args:
        fixed: Those that do not vary.
        single: Of these, see `toolyard.servers.framing.check_framing`.
        address: As in `Head`.
        token_digest: As in `Head`.
    """

    __slots__ = ("_address", "_fixed", "_single", "_token_digest")

    def __init__(
        self,
        fixed: Sequence[Header],
        single: Mapping[bytes, bytes],
        address: str,
        token_digest: str | None,
    ) -> None:
        self._fixed = fixed
        self._single = single
        self._address = address
        self._token_digest = token_digest

    def are_of(self, fixed: Sequence[Header]) -> bool:
        """Whether these are the known ones."""
        return fixed == self._fixed

    def head(self, varying: Mapping[bytes, bytes]) -> Head | None:
        """What they say together with those that vary; `None` if something is odd in them."""
        heading = heading_in({**self._single, **varying})
        return None if heading is None else Head(self._address, self._token_digest, heading)


def split(headers: Sequence[Header]) -> tuple[list[Header], dict[bytes, bytes] | None]:
    """The headers that do not vary, and the others.

    The others are `None` if one is there twice, or if they are very long.
    """
    fixed = [pair for pair in headers if pair[0] not in VARYING]
    varying = dict([pair for pair in headers if pair[0] in VARYING])
    if len(varying) + len(fixed) != len(headers):
        return fixed, None
    return fixed, varying if sum(map(len, varying.values())) <= MOST_OF_VARYING else None
