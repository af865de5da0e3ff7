"""Requests of the handshake revisions that the fast lane can take, told from all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from toolyard.servers.lane.envelope import LEGACY, MOST_BYTES, Envelope
from toolyard.servers.lane.plain_request import plain_request_in
from toolyard.servers.lane.request import JSON_TYPES, Request, takes_both

REVISIONS = frozenset({None, b"2024-11-05", b"2025-03-26", b"2025-06-18", b"2025-11-25"})
"""What the header may say; a client that says nothing speaks the second."""

STATELESS = Envelope(LEGACY, {}, "debug", wants_progress=False)
"""Of a client without a session: it could not declare anything, and log levels are a session's."""


def read_legacy(
    headers: Mapping[bytes, bytes], body: bytes, envelope: Envelope = STATELESS
) -> Request | None:
    """The request, if it is a call or a list in which nothing is odd.

    Args:
        headers: Those that a request may hold once; a value of several is no value.
        body: Its shape has been checked.
        envelope: What is known of the client, apart from whether it wants to hear of progress.
    """
    if (
        headers.get(b"mcp-protocol-version") not in REVISIONS
        or headers.get(b"content-type") not in JSON_TYPES
        or not takes_both(headers.get(b"accept", b""))
    ):
        return None
    asked = plain_request_in(body)
    if asked is None or len(asked.meta_text) > MOST_BYTES:
        return None
    if asked.token is not None:
        envelope = replace(envelope, wants_progress=True)
    return Request(asked.id, envelope, asked.name, asked.arguments)
