"""Requests of the handshake revisions that the fast lane can take, told from all others."""

from __future__ import annotations

from dataclasses import replace

from toolyard.servers.lane.envelope import LEGACY, MOST_BYTES, Envelope
from toolyard.servers.lane.plain_request import plain_request_in
from toolyard.servers.lane.request import Request

STATELESS = Envelope(LEGACY, {}, "debug", wants_progress=False)
"""Of a client without a session: it could not declare anything, and log levels are a session's."""


def read_legacy(body: bytes, envelope: Envelope = STATELESS) -> Request | None:
    """The request, if it is a call or a list in which nothing is odd.

    Args:
        body: Its shape has been checked.
        envelope: What is known of the client, apart from whether it wants to hear of progress.
    """
    asked = plain_request_in(body)
    if asked is None or len(asked.meta_text) > MOST_BYTES:
        return None
    if asked.token is not None:
        envelope = replace(envelope, wants_progress=True)
    return Request(asked.id, envelope, asked.name, asked.arguments, asked.cursor)
