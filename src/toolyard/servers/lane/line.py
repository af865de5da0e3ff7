"""Lines of a pipe that the fast lane can take, told from all others."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.core.json_shape import tangle_in
from toolyard.servers.lane.envelope import VERSION, Envelope, modern_envelope
from toolyard.servers.lane.plain_request import PlainRequest, plain_request_in

MOST_DEPTH = 64
MOST_VALUES = 100_000
"""What is more tangled goes the SDK's way, whose parser has bounds of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One call or list, and how it was said."""

    text: bytes
    asked: PlainRequest
    envelope: Envelope | None
    """What it says of the client; lines of the handshake revisions say nothing."""


def read_line(text: bytes, *, modern: bool) -> Line | None:
    """The request in a line, if it is a call or a list in which nothing is odd."""
    if tangle_in(text, most_depth=MOST_DEPTH, most_values=MOST_VALUES) is not None:
        return None
    asked = plain_request_in(text)
    if asked is None:
        return None
    if not modern:
        return None if VERSION in asked.meta else Line(text, asked, None)
    envelope = modern_envelope(asked.meta_text, asked.method)
    return None if envelope is None else Line(text, asked, envelope)
