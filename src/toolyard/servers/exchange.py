"""One HTTP request on its way through the server: who sent it and what it set to work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio

from toolyard.core.context import Caller

KEY = "toolyard.exchange"
"""Where the gate leaves the exchange in an ASGI scope."""


class Exchange:
    """Ties tool calls to the client that waits for them."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.is_abandoned = False
        self._scopes: set[anyio.CancelScope] = set()

    def join(self, scope: anyio.CancelScope) -> None:
        """Cancel `scope` should the client go away, or have gone."""
        self._scopes.add(scope)
        if self.is_abandoned:
            scope.cancel()

    def leave(self, scope: anyio.CancelScope) -> None:
        """The call in `scope` is over."""
        self._scopes.discard(scope)

    def abandon(self) -> None:
        """The client is gone: nobody reads what its calls would answer."""
        self.is_abandoned = True
        for scope in tuple(self._scopes):
            scope.cancel()


def exchange_of(scope: Mapping[str, Any]) -> Exchange:
    """The exchange that the gate put into an ASGI scope."""
    return scope[KEY]
