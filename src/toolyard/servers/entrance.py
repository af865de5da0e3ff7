"""From an accepted socket to a connection that is served."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from toolyard.servers.connection import GuardedProtocol
from toolyard.servers.turnstile import Turnstile, address_of


class Entrance:
    """Lets accepted sockets in; after the handshake, if there is one, `make_protocol` serves them.

    Event loops count nothing before a handshake has ended, and give it a minute. Here a connection
    is held against the turnstile from the start, and has as long as for a request's headers.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None,
        turnstile: Turnstile,
        make_protocol: Callable[[], GuardedProtocol],
    ) -> None:
        self._context = context
        self._turnstile = turnstile
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()

    def let_in(self, accepted: socket.socket, holder: str | None = None) -> None:
        """Serve `accepted`, which is the entrance's now.

        Args:
            accepted: A socket.
            holder: Whom it has been admitted for; if nobody, the turnstile is asked.
        """
        task = self._loop.create_task(self._open(accepted, holder))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def close(self) -> None:
        """Give up the handshakes under way."""
        for task in self._opening:
            task.cancel()

    async def wait_closed(self) -> None:
        """Return when that is done."""
        if self._opening:
            await asyncio.wait(tuple(self._opening))

    async def _open(self, accepted: socket.socket, holder: str | None) -> None:
        address = address_of(accepted)
        protocol = self._make_protocol()
        protocol.holder = holder = holder or self._turnstile.admit(address)
        header_s = self._turnstile.limits.header_s
        try:
            if holder is None:
                return
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=header_s if self._context else None,
            )
        except OSError:  # as all errors of TLS are: it took too long, or was not one
            if self._context is not None:
                self._turnstile.cut("tls", address)
        finally:
            if not protocol.is_connected:
                accepted.close()
                self._turnstile.leave(holder)
