"""What the gate found in the headers that a connection sends with each of its requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Header = tuple[bytes, bytes]

VARYING = frozenset({b"content-length", b"mcp-method", b"mcp-name"})
"""The headers that tell one call from the next; all others mostly stay the same."""
MOST_OF_VARYING = 512
"""Bytes that these may take together."""


@dataclass(slots=True, repr=False)
class KnownHeaders:
    """The headers of the last request that was let in, and what followed from them alone."""

    fixed: Sequence[Header]
    """Those that do not vary."""
    single: dict[bytes, bytes]
    """See `toolyard.servers.framing.check_framing`; without those that vary."""
    address: str
    token_digest: str | None


def split(headers: Sequence[Header]) -> tuple[list[Header], dict[bytes, bytes] | None]:
    """The headers that do not vary, and the others; `None` for those if one is there twice."""
    fixed = [pair for pair in headers if pair[0] not in VARYING]
    varying = dict([pair for pair in headers if pair[0] in VARYING])
    return fixed, varying if len(varying) + len(fixed) == len(headers) else None
