"""One HTTP request on its way through the server: who sent it and what it set to work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from toolyard.core.call_scope import CallScope
from toolyard.core.context import CallChannel, Caller
from toolyard.core.errors import CallInterrupted
from toolyard.core.tool import ToolResult

KEY = "toolyard.exchange"
"""Where the gate leaves the exchange in an ASGI scope."""


class Begun(Protocol):
    """A call that somebody else runs."""

    async def result(self, channel: CallChannel) -> ToolResult:
        """Wait until it is over, and raise what it raised; it may use `channel` meanwhile."""
        ...


class Exchange:
    """Ties tool calls to the client that waits for them."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.is_abandoned = False
        self.begun: Begun | None = None
        """The call that runs already, whoever answers the request."""
        self._scopes: set[CallScope] = set()

    def join(self, scope: CallScope) -> None:
        """End `scope` should the client go away, or have gone."""
        self._scopes.add(scope)
        if self.is_abandoned:
            scope.end(CallInterrupted(scope.what))

    def leave(self, scope: CallScope) -> None:
        """The call in `scope` is over."""
        self._scopes.discard(scope)

    def abandon(self) -> None:
        """The client is gone: nobody reads what its calls would answer."""
        self.is_abandoned = True
        for scope in tuple(self._scopes):
            scope.end(CallInterrupted(scope.what))


def exchange_of(scope: Mapping[str, Any]) -> Exchange:
    """The exchange that the gate put into an ASGI scope."""
    return scope[KEY]
