"""Pieces of bytes, one after the other, between two processes on this machine."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

import anyio

LENGTH = struct.Struct("!I")
CHUNK = 1 << 18


class Frames:
    """Sends and receives pieces over a socket, which it owns; in an event loop.

    One task at a time may receive; any may send.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._received = bytearray()
        self._sending = anyio.Lock()

    async def send(self, piece: bytes) -> None:
        """Send `piece` after those before it.

        Raises:
            OSError: The other end is gone.
        """
        async with self._sending:
            left = memoryview(framed(piece))
            while left:
                try:
                    left = left[self._connection.send(left) :]
                except BlockingIOError:
                    await anyio.wait_writable(self._connection)

    async def receive(self) -> bytes | None:
        """The next piece; `None` once there are no more."""
        length = await self._take(LENGTH.size)
        return None if length is None else await self._take(*LENGTH.unpack(length))

    async def _take(self, size: int) -> bytes | None:
        while len(self._received) < size:
            try:
                data = self._connection.recv(CHUNK)
            except BlockingIOError:
                await anyio.wait_readable(self._connection)
                continue
            except OSError:
                data = b""
            if not data:
                return None
            self._received += data
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def hang_up(self) -> None:
        """Tell the other end that nothing more comes; it may still send."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give the socket back."""
        self._connection.close()


def framed(piece: bytes) -> bytes:
    """How a piece is sent."""
    return LENGTH.pack(len(piece)) + piece


def first_piece(connection: socket.socket) -> bytes:
    """The first piece, without an event loop; it is there, or about to come.

    Raises:
        EOFError: The other end is gone.
    """
    (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, size: int) -> bytes:
    taken = bytearray()
    while len(taken) < size:
        data = connection.recv(size - len(taken))
        if not data:
            raise EOFError
        taken += data
    return bytes(taken)
