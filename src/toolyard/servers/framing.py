"""Requests that two parsers could read in two ways are refused before anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from toolyard.security.refusal import Refusal
from toolyard.servers.limits import Limits

Headers = Iterable[tuple[bytes, bytes]]

ONCE = frozenset(
    {
        b"host",
        b"authorization",
        b"content-length",
        b"content-type",
        b"origin",
        b"last-event-id",
        b"mcp-session-id",
        b"transfer-encoding",
    }
)
"""Headers that a request may hold at most once."""


ROUTING = frozenset({b"accept", b"mcp-method", b"mcp-name", b"mcp-protocol-version"})
"""Headers that the fast lane reads; how often they may appear is the SDK's to say."""

_READ = ONCE | ROUTING
_BLANKS = frozenset({b" ", b"\t"})


def check_framing(headers: Headers, limits: Limits, *, target_bytes: int) -> dict[bytes, bytes]:
    """The headers of `ONCE` and `ROUTING` that are there; a repeated one of the latter is empty.

    Raises:
        Refusal: 431 for too many or too large headers; 400 for a header that must not be
            repeated, a body with two lengths, or a request without a Host.
    """
    single: dict[bytes, bytes] = {}
    count, size = 0, target_bytes
    for name, value in headers:
        count += 1
        size += len(name) + len(value) + 4
        if name in _READ:
            single[name] = value if name not in single else _again(name)
    if count > limits.headers or size > limits.header_bytes:
        raise Refusal(431, "framing", "The request's headers are too many or too large.")
    _check_host_and_length(single)
    return single


def _again(name: bytes) -> bytes:
    if name in ONCE:
        raise _malformed(f"The header {name.decode('ascii')} must appear once.")
    return b""


def _check_host_and_length(single: Mapping[bytes, bytes]) -> None:
    if b"host" not in single:
        raise _malformed("The request has no Host header.")
    if b"transfer-encoding" in single and b"content-length" in single:
        raise _malformed("The request gives two lengths for its body.")
    length = single.get(b"content-length")
    if length is not None and not (length.isdigit() and len(length) < 16):
        raise _malformed("The Content-Length is not a number.")


def trimmed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers without white space around their values, which means nothing (RFC 9110, 5.5).

    Not every parser takes it away, and a value with it equals no other.
    """
    for _, value in headers:
        if value[:1] in _BLANKS or value[-1:] in _BLANKS:
            return [(name, value.strip(b" \t")) for name, value in headers]
    return headers


def _malformed(message: str) -> Refusal:
    return Refusal(400, "framing", message)
