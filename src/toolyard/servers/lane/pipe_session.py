"""The session of a pipe in the handshake revisions, told from the messages that pass by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp.shared.dispatcher import coerce_request_id

from toolyard.core.context import LogLevel

INITIALIZE, SET_LEVEL = "initialize", "logging/setLevel"
_PASSING = ("notifications/cancelled", "notifications/progress")
"""The notifications that change nothing but one request."""


class PipeSession:
    """What the client agreed on and asked for; the SDK is who accepts it.

    Whatever may change it is unsettled until the SDK has answered something that came after:
    what then goes past the SDK cannot overtake the change.
    """

    def __init__(self) -> None:
        self.capabilities: Mapping[str, Any] = {}
        """What the client declared."""
        self.log_level: LogLevel = "debug"
        """The least grave log entries that it wants."""
        self._is_open = False
        self._is_settled = False
        self._changes: dict[types.RequestId, types.JSONRPCRequest] = {}
        self._since: set[types.RequestId] = set()
        """The requests since the last change."""

    @property
    def is_settled(self) -> bool:
        """Whether the handshake is over, and nothing is about to change."""
        return self._is_open and self._is_settled

    def heard(self, message: types.JSONRPCMessage) -> None:
        """Note a message on its way to the SDK."""
        if isinstance(message, types.JSONRPCRequest):
            number = coerce_request_id(message.id)
            if message.method in (INITIALIZE, SET_LEVEL):
                self._unsettle()
                self._changes[number] = message
            if not self._is_settled:
                self._since.add(number)
        elif isinstance(message, types.JSONRPCNotification) and message.method not in _PASSING:
            self._unsettle()

    def _unsettle(self) -> None:
        self._is_settled = False
        self._since.clear()

    def said(self, answer: types.JSONRPCResponse | types.JSONRPCError) -> None:
        """Note an answer of the SDK's."""
        if self._is_settled or answer.id is None:
            return
        number = coerce_request_id(answer.id)
        change = self._changes.pop(number, None)
        if change is not None and isinstance(answer, types.JSONRPCResponse):
            self._learn(change)
        if number in self._since:
            self._is_settled = True
            self._since.clear()

    def _learn(self, change: types.JSONRPCRequest) -> None:
        if change.method == INITIALIZE:
            client = types.InitializeRequestParams.model_validate(change.params, by_name=False)
            self.capabilities = client.capabilities.model_dump(
                by_alias=True, mode="json", exclude_none=True
            )
            self._is_open = True
        else:
            wanted = types.SetLevelRequestParams.model_validate(change.params, by_name=False)
            self.log_level = wanted.level
