"""TLS: the certificate, and the door to the entrance where handshakes are counted and timed."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

from toolyard.servers.entrance import Entrance

BREATHER_S = 0.5
"""How long nobody is accepted when the process has no file descriptor left."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate chain and its key, as PEM files."""

    certfile: str
    keyfile: str
    password: str | None = field(default=None, repr=False)


class TlsDoor:
    """Accepts connections at `listener`, and shows them to the `entrance`."""

    def __init__(self, listener: socket.socket, entrance: Entrance) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._entrance = entrance
        self._loop = asyncio.get_running_loop()
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept nobody any more, and give up the handshakes under way."""
        self._accepting.cancel()
        self._entrance.close()

    async def wait_closed(self) -> None:
        """Return when all that is done."""
        await asyncio.wait((self._accepting,))
        await self._entrance.wait_closed()

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
                self._entrance.let_in(accepted)
