"""The server's way to its broker."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from toolyard.builtin_tools.bash.order import Order, Outcome
from toolyard.core.errors import ToolError

T = TypeVar("T")

logger = logging.getLogger("toolyard.bash")

PROOF_S = 20.0
"""What a supervisor may need to end a command, to prove that, and to answer."""
GRACE_S = 30.0
"""What a broker may need to end all commands."""
_CHUNK = 1 << 18
_SOURCE = Path(__file__).parents[3]
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from toolyard.builtin_tools.bash.broker.main import main; main(int(sys.argv[2]))"
)
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Without these some Pythons do not start."""


class Link:
    """Starts a broker when one is first needed, or is gone; commands go there until it is closed.

    A broker ends by itself, with all commands, when this object or this process is gone.
    """

    def __init__(self) -> None:
        self._broker: _Broker | None = None
        self._starting = anyio.Lock()
        self._is_closed = False

    async def carry_out(self, order: Order, directory: int) -> Outcome:
        """Run a command and give its outcome, when no process of it is left.

        Cancelled, this ends the command before it returns.

        Args:
            order: What to run.
            directory: Descriptor of the directory to start in; it stays the caller's.

        Raises:
            ToolError: It was not run, or what became of it is not known.
        """
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            try:
                with anyio.fail_after(order.timeout_s + PROOF_S):
                    with theirs:
                        await self._hand_over(theirs, directory)
                    await _send(ours, order.to_bytes())
                    sent = await _receive(ours)
            except TimeoutError:
                raise ToolError("The command could not be ended in time.") from None
            except anyio.get_cancelled_exc_class():
                await _hang_up(ours)
                raise
        try:
            return Outcome.of_bytes(sent)
        except ValueError:
            raise ToolError(
                "The command was ended together with what watched over it; it may have run in part."
            ) from None

    async def close(self) -> None:
        """End the broker and all commands, and wait for it; nothing is run from now on."""
        self._is_closed = True
        with anyio.CancelScope(shield=True):
            async with self._starting:
                await self._end_broker()

    async def _hand_over(self, control: socket.socket, directory: int) -> None:
        for _ in range(2):
            broker = await self._working()
            try:
                await _when_possible(
                    broker.channel,
                    anyio.wait_writable,
                    lambda: socket.send_fds(broker.channel, [b"\0"], [control.fileno(), directory]),  # noqa: B023
                )
            except (BrokenPipeError, ConnectionResetError):
                broker.is_gone = True
            else:
                return
        raise ToolError("Commands cannot be started now; try again later.")

    async def _working(self) -> _Broker:
        """The one broker, another if it is gone; many may ask at once."""
        async with self._starting:
            if self._broker is not None and self._broker.is_gone:
                logger.warning("the broker of commands is gone; another is started")
                await self._end_broker()
            if self._is_closed:
                raise ToolError("Commands cannot be run any more: the shell was left.")
            if self._broker is None:
                try:
                    self._broker = await anyio.to_thread.run_sync(_Broker)
                except OSError as error:
                    reason = os.strerror(error.errno or 0)
                    raise ToolError(f"Commands cannot be started now: {reason}.") from error
            return self._broker

    async def _end_broker(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(broker.end)


class _Broker:
    """The process that starts commands, and the way to it."""

    def __init__(self) -> None:
        self.is_gone = False
        self.channel, theirs = socket.socketpair()
        self.channel.setblocking(False)
        try:
            with theirs:
                self._process = _started(theirs.fileno())
        except BaseException:  # whatever it was, nobody else would close it
            self.channel.close()
            raise

    def end(self) -> None:
        """Have it end all commands and itself, and wait for that."""
        self.channel.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            logger.error("the broker of commands does not end, and is killed")
            self._process.kill()
            self._process.wait()


def _started(channel: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(_SOURCE), str(channel)],
        env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[channel],
        start_new_session=True,
    )


async def _send(connection: socket.socket, data: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # then there is no answer either
        while data:
            sent = await _when_possible(
                connection,
                anyio.wait_writable,
                lambda: connection.send(data),  # noqa: B023
            )
            data = data[sent:]


async def _receive(connection: socket.socket) -> bytes:
    """Everything until the other end is closed."""
    parts: list[bytes] = []
    with suppress(ConnectionResetError):
        while part := await _when_possible(
            connection, anyio.wait_readable, lambda: connection.recv(_CHUNK)
        ):
            parts.append(part)
    return b"".join(parts)


async def _hang_up(connection: socket.socket) -> None:
    """Have the command ended, and wait until it is."""
    with anyio.move_on_after(PROOF_S, shield=True), suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        await _receive(connection)


async def _when_possible(
    connection: socket.socket,
    wait: Callable[[socket.socket], Awaitable[None]],
    attempt: Callable[[], T],
) -> T:
    while True:
        try:
            return attempt()
        except BlockingIOError:
            await wait(connection)
