"""Waits for commands, and forks a supervisor for each."""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from contextlib import suppress

from toolyard.builtin_tools.bash.broker import descendants, system
from toolyard.builtin_tools.bash.broker.supervisor import supervise

RETRY_S = 0.05
"""From one try to end what is left behind to the next; orders are taken in between."""
FAREWELL_S = 15.0
"""For supervisors to end their commands, each of which they may kill for 10 s."""


class Broker:
    """Runs until the server closes its end of `channel`, or is gone."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._supervisors: set[int] = set()
        self._is_undone = False
        self._wakeup, writing = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def run(self) -> None:
        """Take one order after the other; at the end no command is left."""
        poll = select.poll()
        for descriptor in (self._channel.fileno(), self._wakeup):
            poll.register(descriptor, select.POLLIN)
        is_open = True
        while is_open:
            for descriptor, _ in poll.poll(RETRY_S * 1000 if self._is_undone else None):
                if descriptor != self._wakeup:
                    is_open = self._take()
            self._tidy()
        self._say_farewell()

    def _take(self) -> bool:
        """Start what is asked for; whether the server is still there."""
        try:
            data, received, _, _ = socket.recv_fds(self._channel, 1, 2)
        except OSError:
            return False
        if len(received) == 2:
            self._fork(*received)
        for descriptor in received:
            os.close(descriptor)
        return bool(data)

    def _fork(self, control: int, directory: int) -> None:
        with suppress(OSError):  # no more processes: the server sees that nobody answers
            process = os.fork()
            if process:
                self._supervisors.add(process)
                return
            status = 1
            try:
                self._channel.close()
                with socket.socket(fileno=control) as connection:
                    status = 0 if supervise(connection, directory) else 1
            finally:
                os._exit(status)

    def _tidy(self) -> None:
        """Bury who has ended; if a supervisor did not end well, end what it left behind."""
        with suppress(OSError):
            os.read(self._wakeup, 1000)
        self._is_undone |= self._bury()
        if self._is_undone:
            deadline = time.monotonic() + RETRY_S
            self._is_undone = bool(descendants.kill(self._strays, deadline))

    def _strays(self) -> list[int]:
        return descendants.below_us(self._supervisors)

    def _bury(self) -> bool:
        """Whether a supervisor among the dead left work undone; one that was stopped is killed."""
        is_undone = False
        with suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
                if process == 0:
                    break
                if os.WIFSTOPPED(status):
                    descendants.send(self._supervisors & {process}, signal.SIGKILL)
                    continue
                is_undone |= process in self._supervisors and status != 0
                self._supervisors.discard(process)
        return is_undone and system.IS_LINUX

    def _say_farewell(self) -> None:
        descendants.send(self._supervisors, signal.SIGTERM)
        deadline = time.monotonic() + FAREWELL_S
        while self._supervisors and time.monotonic() < deadline:
            self._bury()
            time.sleep(descendants.GLANCE_S)
        if system.IS_LINUX:
            descendants.end_all("")


def main(channel: int) -> None:
    """Be the broker of whoever holds the other end of the socket `channel`."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    gc.disable()  # it would touch, and so copy, every page of memory in each fork
    if system.IS_LINUX:
        system.adopt_orphans()
        system.hide_memory()
    with socket.socket(fileno=channel) as connection:
        Broker(connection).run()
