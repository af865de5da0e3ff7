"""One worker, as the process that started it knows it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import anyio
from anyio.abc import Process

from toolyard.servers.workers.frames import Frames
from toolyard.servers.workers.messages import CLIENT, RELAY, packed, unpacked


class WorkerProcess:
    """A process and the ways to it; made by `started`, and ended by `close`."""

    def __init__(self, index: int, talk: Frames, hand: socket.socket, life: int) -> None:
        self.index = index
        self.process: Process | None = None
        self.is_ready = False
        """Whether it has said that it serves."""
        self.is_open = False
        """Whether it takes clients."""
        self.clients: dict[int, str] = {}
        """Whom each of its clients was admitted for."""
        self.turn = 0
        """Which of all clients it was handed last."""
        self._handed = 0
        self._talk = talk
        self._hand = hand
        self._life = life

    @classmethod
    async def started(
        cls, index: int, program: Sequence[str], memory: int, order: object
    ) -> WorkerProcess:
        """Start `program` with four descriptors as arguments: messages, sockets, life, `memory`.

        What is left of its life can be read from the third: it is at its end when we are gone.

        Raises:
            OSError: No process can be started.
        """
        talk, their_talk = socket.socketpair()
        hand, their_hand = socket.socketpair()
        their_life, life = os.pipe()
        hand.setblocking(False)
        worker = cls(index, Frames(talk), hand, life)
        try:
            with their_talk, their_hand, os.fdopen(their_life):
                given = [their_talk.fileno(), their_hand.fileno(), their_life, memory]
                worker.process = await anyio.open_process(
                    [*program, *map(str, given)],
                    stdin=subprocess.DEVNULL,
                    stdout=None,
                    stderr=None,
                    pass_fds=given,
                )
            await worker.tell(order)
        except BaseException:  # a cancellation too: the process goes with it
            await worker.close()
            raise
        return worker

    async def tell(self, message: object) -> None:
        """Send a message; one that is gone hears nothing."""
        with suppress(OSError):
            await self._talk.send(packed(message))

    async def hear(self) -> Any:
        """The next message from it; `None` once it is gone."""
        piece = await self._talk.receive()
        return None if piece is None else unpacked(piece)

    def hand_over(self, accepted: socket.socket, holder: str) -> bool:
        """Whether it could be handed a client, who was admitted for `holder`."""
        if not self._send(CLIENT, accepted):
            return False
        self.clients[self._handed] = holder
        self._handed += 1
        return True

    def hand_relay(self, connection: socket.socket) -> None:
        """Hand it another worker's socket, if it can take it."""
        self._send(RELAY, connection)

    def _send(self, kind: bytes, handed: socket.socket) -> bool:
        try:
            socket.send_fds(self._hand, [kind], [handed.fileno()])
        except OSError:  # it is gone, or takes nothing now
            return False
        return True

    async def wanted_relay(self) -> tuple[int, socket.socket] | None:
        """Which worker it wants to reach, and the socket for that; `None` once it is gone."""
        while True:
            try:
                index, descriptors, _, _ = socket.recv_fds(self._hand, 1, 1)
            except BlockingIOError:
                await anyio.wait_readable(self._hand)
                continue
            except OSError:
                return None
            if not index:
                return None
            if descriptors:
                return index[0], socket.socket(fileno=descriptors[0])

    async def ended(self) -> int:
        """Its exit code, once it is gone; the negative number of a signal."""
        assert self.process is not None
        return await self.process.wait()

    def terminate(self) -> None:
        """Ask it to end although it does not serve yet."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()

    async def close(self) -> None:
        """End it if it still runs, and wait until it is gone."""
        with anyio.CancelScope(shield=True):
            if self.process is not None:
                self.kill()
                await self.process.wait()
        self._talk.close()
        self._hand.close()
        os.close(self._life)
