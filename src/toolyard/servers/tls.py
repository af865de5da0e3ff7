"""TLS: the certificate, and a door at which handshakes are counted and timed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from toolyard.servers.connection import GuardedProtocol
from toolyard.servers.turnstile import Turnstile, address_of

BREATHER_S = 0.5
"""How long nobody is accepted when the process has no file descriptor left."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate chain and its key, as PEM files."""

    certfile: str
    keyfile: str
    password: str | None = field(default=None, repr=False)


class TlsDoor:
    """Accepts connections at `listener`; after the handshake `make_protocol` serves them.

    Event loops count nothing before a handshake has ended, and give it a minute. Here a connection
    is held against the turnstile from the start, and has as long as for a request's headers.
    """

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        turnstile: Turnstile,
        make_protocol: Callable[[], GuardedProtocol],
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._context = context
        self._turnstile = turnstile
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._accepting = self._loop.create_task(self._accept())
        self._handshakes: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Accept nobody any more, and give up the handshakes under way."""
        for task in (self._accepting, *self._handshakes):
            task.cancel()

    async def wait_closed(self) -> None:
        """Return when all that is done."""
        await asyncio.wait((self._accepting, *self._handshakes))

    async def _accept(self) -> None:
        with self._listener:
            while True:
                try:
                    accepted, _ = await self._loop.sock_accept(self._listener)
                except ConnectionAbortedError:  # the peer is gone already
                    continue
                except OSError:  # no file descriptor is left
                    await asyncio.sleep(BREATHER_S)
                    continue
                task = self._loop.create_task(self._open(accepted))
                self._handshakes.add(task)
                task.add_done_callback(self._handshakes.discard)

    async def _open(self, accepted: socket.socket) -> None:
        address = address_of(accepted)
        protocol = self._make_protocol()
        protocol.holder = holder = self._turnstile.admit(address)
        try:
            if holder is None:
                return
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._turnstile.limits.header_s,
            )
        except OSError:  # as all errors of TLS are: it took too long, or was not one
            self._turnstile.cut("tls", address)
        finally:
            if not protocol.is_connected:
                accepted.close()
                self._turnstile.leave(holder)
