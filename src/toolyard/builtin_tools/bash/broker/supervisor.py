"""Starts one command, ends it in time, and proves that nothing of it is left."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from dataclasses import dataclass, field, replace

from toolyard.builtin_tools.bash.broker import launch, system
from toolyard.builtin_tools.bash.broker.capture import Capture
from toolyard.builtin_tools.bash.broker.descendants import end_all
from toolyard.builtin_tools.bash.order import LENGTH, End, Order, Outcome, Stream

FLOOD = 10
"""How many times what is kept a command may write."""
LONGEST_PATH = 4096
LONGEST_WAIT_S = 3600.0
"""At a time; a poll takes no more than 24 days."""
SEND_S = 30.0
_MARK = "TOOLYARD_COMMAND"
"""A variable by which a command is found where the system does not give its orphans to us."""


def supervise(control: socket.socket, directory: int) -> bool:
    """Carry out the order that comes over `control`, and answer there with its outcome.

    If the other end is closed before, or the broker ends, the command ends and nothing is sent.
    Gives whether no process of it is left.
    """
    broker = os.getppid()
    wakeup = _listen_to_signals()
    if system.IS_LINUX:
        system.adopt_orphans()
        system.die_with_parent(signal.SIGTERM)
        if os.getppid() != broker:
            return True
    order = _received(control)
    if order is None:
        return True
    outcome = _Watch(order, control, wakeup).run(directory)
    if outcome.ended_by != "hangup":
        control.settimeout(SEND_S)
        control.sendall(outcome.to_bytes())
    return outcome.left == 0


def _listen_to_signals() -> int:
    """A descriptor that can be read when a child ended or the broker did."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda number, frame: None)
    return reading


def _received(control: socket.socket) -> Order | None:
    """The order; nothing if the other end went away first."""
    head = _exactly(control, LENGTH.size)
    body = head and _exactly(control, LENGTH.unpack(head)[0])
    return Order.of_bytes(body) if body else None


def _exactly(control: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = control.recv(size - len(data))
        if not part:
            return None
        data += part
    return bytes(data)


@dataclass
class _Pipes:
    """The command's outputs: we read, it writes."""

    reading: list[int] = field(default_factory=list[int])
    writing: list[int] = field(default_factory=list[int])

    def add(self) -> None:
        reading, writing = os.pipe()
        self.reading.append(reading)
        self.writing.append(writing)

    def close_writing(self) -> None:
        for descriptor in self.writing:
            os.close(descriptor)


class _Watch:
    """One command while it runs."""

    def __init__(self, order: Order, control: socket.socket, wakeup: int) -> None:
        self._order = order
        self._control = control
        self._wakeup = wakeup
        self._status: int | None = None
        self._ended_by: End | None = None
        self._marker = f"{_MARK}={os.urandom(8).hex()}"

    def run(self, directory: int) -> Outcome:
        """Everything from the start of the command to the proof."""
        started = time.monotonic()
        pipes = _Pipes()
        for _ in range(4):
            pipes.add()
        command = self._start(directory, pipes)
        pipes.close_writing()
        os.close(directory)
        deadline = started + self._order.timeout_s
        trouble = _read_until(deadline, pipes.reading[3])
        most = self._order.limits.output_bytes
        captures = [Capture(descriptor, most) for descriptor in pipes.reading[:2]]
        told = Capture(pipes.reading[2], 2 * LONGEST_PATH)
        if not trouble:
            self._wait(command, captures, deadline)
        left = end_all(self._marker)
        duration_s = time.monotonic() - started
        for capture in (*captures, told):
            capture.drain()
        stdout, stderr = (capture.stream() for capture in captures)
        return Outcome(
            status=self._status,
            ended_by=self._ended_by or "exit",
            duration_s=duration_s,
            stdout=stdout,
            stderr=stderr,
            directory=_path_in(told.stream()),
            not_started=trouble.decode("utf-8", "replace") or None,
            left=left,
        )

    def _start(self, directory: int, pipes: _Pipes) -> int:
        process = os.fork()
        if process == 0:
            order = self._order
            if not system.IS_LINUX:
                marked = {**order.environment, _MARK: self._marker.partition("=")[2]}
                order = replace(order, environment=marked)
            out, err, tell, trouble = pipes.writing
            launch.become(order, directory, (out, err, tell), trouble)
        return process

    def _wait(self, command: int, captures: list[Capture], deadline: float) -> None:
        """Until the command ends, or something is a reason to end it."""
        poll = select.poll()
        reading = {capture.descriptor: capture for capture in captures}
        for descriptor in (self._control.fileno(), self._wakeup, *reading):
            poll.register(descriptor, select.POLLIN)
        while self._ended_by is None:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                self._ended_by = "time"
                return
            for descriptor, _ in poll.poll(min(remaining_s, LONGEST_WAIT_S) * 1000):
                if descriptor == self._control.fileno():
                    self._ended_by = "hangup"
                elif descriptor == self._wakeup:
                    self._wake(command)
                elif not self._read(reading[descriptor]):
                    poll.unregister(descriptor)

    def _read(self, capture: Capture) -> bool:
        """Take what was written; whether more may come."""
        may_go_on = capture.read()
        if capture.total > FLOOD * self._order.limits.output_bytes:
            self._ended_by = self._ended_by or "output"
        return may_go_on

    def _wake(self, command: int) -> None:
        if signal.SIGTERM in os.read(self._wakeup, 1000):
            self._ended_by = "hangup"
        self._bury(command)

    def _bury(self, command: int) -> None:
        """Take note of every child that has ended; only the command itself is of interest."""
        try:
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if process == 0:
                    return
                if process == command:
                    self._status = os.waitstatus_to_exitcode(status)
                    self._ended_by = self._ended_by or "exit"
        except ChildProcessError:
            return


def _read_until(deadline: float, descriptor: int) -> bytes:
    """What comes first; nothing if nobody writes, or not in time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    remaining_s = min(max(0.0, deadline - time.monotonic()), LONGEST_WAIT_S)
    is_there = poll.poll(remaining_s * 1000)
    return os.read(descriptor, 1000) if is_there else b""


def _path_in(told: Stream) -> str | None:
    """The path that was told, if it was told whole."""
    line = told.head + told.tail
    return os.fsdecode(line[:-1]) if line.endswith(b"\n") and not told.left_out else None
