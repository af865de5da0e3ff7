"""What the gate found in the headers that a connection sends with each of its requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Header = tuple[bytes, bytes]

VARYING = frozenset({b"content-length", b"mcp-method", b"mcp-name"})
"""The headers that tell one call from the next; all others mostly stay the same."""
MOST_OF_VARYING = 512
"""Bytes that these may take together."""


class KnownHeaders:
    """The headers of a request that was let in, and what followed from them alone.

    Args:
        fixed: Those that do not vary.
        single: See `toolyard.servers.framing.check_framing`; without those that vary.
        address: Where the request came from.
        token_digest: Of the token that it brought, if it did.
    """

    __slots__ = ("_fixed", "_last", "_single", "_whole", "address", "token_digest")

    def __init__(
        self,
        fixed: Sequence[Header],
        single: Mapping[bytes, bytes],
        address: str,
        token_digest: str | None,
    ) -> None:
        self._fixed = fixed
        self._single = single
        self._last: Sequence[Header] = ()
        self._whole = single
        self.address = address
        self.token_digest = token_digest

    def single(self, headers: Sequence[Header]) -> Mapping[bytes, bytes] | None:
        """Those that a request may hold once, if all that do not vary are the known ones."""
        if headers is not self._last:
            fixed, varying = split(headers)
            if varying is None or fixed != self._fixed:
                return None
            self._last, self._whole = headers, {**self._single, **varying}
        return self._whole


def split(headers: Sequence[Header]) -> tuple[list[Header], dict[bytes, bytes] | None]:
    """The headers that do not vary, and the others.

    The others are `None` if one is there twice, or if they are very long.
    """
    fixed = [pair for pair in headers if pair[0] not in VARYING]
    varying = dict([pair for pair in headers if pair[0] in VARYING])
    if len(varying) + len(fixed) != len(headers):
        return fixed, None
    return fixed, varying if sum(map(len, varying.values())) <= MOST_OF_VARYING else None
