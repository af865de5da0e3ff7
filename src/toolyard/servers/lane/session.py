"""A session of the handshake revisions whose plain calls and lists the fast lane answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import anyio

from toolyard.core.context import Caller, LogLevel
from toolyard.servers.lane.envelope import LEGACY, Envelope
from toolyard.servers.lane.running_call import RunningCall

SESSION = b"mcp-session-id"
GIVE_WAY_S = 5.0
"""How long the SDK's app may take to take up the calls of a session."""


class OpenSession(Protocol):
    """A session as the SDK keeps it."""

    @property
    def id(self) -> bytes:
        """What its client names it by."""
        ...

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared in the handshake."""
        ...

    @property
    def level(self) -> LogLevel:
        """The least grave level of log entries that it wants."""
        ...

    def is_answering(self, request_id: str) -> bool:
        """Whether the SDK is about to answer a request of that id."""
        ...

    def hold(self) -> None:
        """A request is under way: the session must not expire."""
        ...

    def release(self) -> None:
        """It is answered."""
        ...


class LaneSession:
    """One session, and its calls that are under way here.

    The SDK's app must know of all that a session does before it hears anything else of it: that
    may cancel a call, change a log level or end the session. So whatever does not come from here
    makes these calls `give_way` first.
    """

    def __init__(self, kept: OpenSession) -> None:
        self.id = kept.id
        self._kept = kept
        self._calls: dict[str, RunningCall] = {}
        """By the ids of their requests, of which 1 and "1" are the same to the SDK."""
        self._envelope = Envelope(LEGACY, {}, None, wants_progress=False, can_ask=True)

    @property
    def envelope(self) -> Envelope:
        """What the client said of itself when the session began, and since."""
        known, declared, level = self._envelope, self._kept.capabilities, self._kept.level
        if known.capabilities is not declared or known.log_level != level:
            self._envelope = replace(known, capabilities=declared, log_level=level)
        return self._envelope

    def is_under_way(self, request_id: int | str) -> bool:
        """Whether a request of that id is being answered, here or by the SDK's app."""
        key = str(request_id)
        return key in self._calls or self._kept.is_answering(key)

    def touch(self) -> None:
        """A request was answered at once."""
        self._kept.hold()
        self._kept.release()

    def begin(self, request_id: int | str, call: RunningCall) -> None:
        """`call` is under way, and the session does not expire, until `end`."""
        self._calls[str(request_id)] = call
        self._kept.hold()

    def end(self, request_id: int | str) -> None:
        """That call is over."""
        self._kept.release()
        del self._calls[str(request_id)]

    async def give_way(self) -> None:
        """Have the SDK's app take up the calls under way; returns when it has."""
        with anyio.move_on_after(GIVE_WAY_S):
            for call in tuple(self._calls.values()):
                await call.reach()


class LaneSessions(Protocol):
    """The sessions that are open now."""

    def find(self, session_id: bytes, caller: Caller) -> LaneSession | None:
        """The session, if it is the caller's, lives, and its handshake is done."""
        ...
