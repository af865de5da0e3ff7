"""What a server has asked on a connection, and we have not answered."""

from __future__ import annotations

from collections import Counter

import mcp_types as types

MOST_QUESTIONS = 100
"""At once; each keeps a task busy."""


class Questions:
    """Counts the questions that are open; both directions of a connection tell it of messages."""

    def __init__(self) -> None:
        self._open: Counter[types.RequestId] = Counter()

    @property
    def are_too_many(self) -> bool:
        """Nobody asks so much without meaning harm."""
        return self._open.total() > MOST_QUESTIONS

    def heard(self, message: types.JSONRPCMessage) -> None:
        """Take note of what the server said."""
        if isinstance(message, types.JSONRPCRequest):
            self._open[message.id] += 1
        elif (number := cancelled(message)) is not None and self._open[number] == 1:
            del self._open[number]  # of several with one id, the SDK ends the last only

    def said(self, message: types.JSONRPCMessage) -> None:
        """Take note of what we said."""
        if not isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            return
        if message.id is not None and message.id in self._open:
            self._open[message.id] -= 1
            self._open = +self._open  # those above zero


def cancelled(message: types.JSONRPCMessage) -> types.RequestId | None:
    """The request that `message` takes back, if it does that."""
    if not isinstance(message, types.JSONRPCNotification):
        return None
    if message.method != "notifications/cancelled":
        return None
    number: object = (message.params or {}).get("requestId")
    return number if isinstance(number, int | str) else None
