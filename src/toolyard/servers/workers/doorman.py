"""Accepts the connections of all workers, and hands each to one of them.

With one listening socket for all, the system wakes the worker that slept last, and a few get
most connections. With a socket for each, it deals by chance, and what was dealt to a worker that
died waits for the next. Handed out, they are shared evenly, and the limits hold for all together.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from itertools import count

import anyio

from toolyard.servers.turnstile import Turnstile, address_of
from toolyard.servers.workers.worker_process import WorkerProcess

BREATHER_S = 0.5
"""How long nobody is accepted when the process has no file descriptor left."""
AT_ONCE = 64
"""Connections that are accepted before anything else is done."""
PAUSE_S = 0.05
"""How long nobody is accepted when no worker can take anybody."""


class Doorman:
    """Hands out what comes in at `listener` to those of `workers` that are open."""

    def __init__(
        self,
        listener: socket.socket,
        turnstile: Turnstile,
        workers: Callable[[], Iterable[WorkerProcess]],
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._turnstile = turnstile
        self._workers = workers
        self._turns = count(1)

    async def run(self) -> None:
        """Accept until cancelled."""
        while True:
            await anyio.wait_readable(self._listener)
            if not any(worker.is_open for worker in self._workers()):
                await anyio.sleep(PAUSE_S)  # they wait; a worker is being replaced
                continue
            try:
                self._accept()
            except (BlockingIOError, ConnectionAbortedError):  # nobody is there any more
                continue
            except OSError:  # no file descriptor is left
                await anyio.sleep(BREATHER_S)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            accepted, _ = self._listener.accept()
            with accepted:
                self._hand_out(accepted)

    def _hand_out(self, accepted: socket.socket) -> None:
        holder = self._turnstile.admit(address_of(accepted))
        if holder is None:
            return
        for worker in sorted(self._workers(), key=_busyness):
            if worker.is_open and worker.hand_over(accepted, holder):
                worker.turn = next(self._turns)
                return
        self._turnstile.leave(holder)

    def left(self, worker: WorkerProcess, number: int) -> None:
        """A client that a worker was handed is gone."""
        self._turnstile.leave(worker.clients.pop(number, None))

    def all_left(self, worker: WorkerProcess) -> None:
        """A worker is gone, and its clients with it."""
        for number in tuple(worker.clients):
            self.left(worker, number)


def _busyness(worker: WorkerProcess) -> tuple[int, int]:
    """Who has the fewest clients comes first; of those, who had no turn for longest."""
    return len(worker.clients), worker.turn
