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
    """Starts a broker when one is first needed, or is gone; commands go there.

    A broker ends by itself, with all commands, when this object or this process is gone.
    """

    def __init__(self) -> None:
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

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
            await self._hand_over(theirs, directory)
            theirs.close()
            try:
                with anyio.fail_after(order.timeout_s + PROOF_S):
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
        """End the broker and all commands, and wait for it."""
        process, channel = self._process, self._channel
        self._process = self._channel = None
        if process is None or channel is None:
            return
        channel.close()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_awaited, process)

    async def _hand_over(self, control: socket.socket, directory: int) -> None:
        for _ in range(2):
            if self._channel is None:
                self._channel, self._process = await anyio.to_thread.run_sync(_started)
            channel = self._channel
            try:
                await _when_possible(
                    channel,
                    anyio.wait_writable,
                    lambda: socket.send_fds(channel, [b"\0"], [control.fileno(), directory]),  # noqa: B023
                )
            except (BrokenPipeError, ConnectionResetError):
                logger.warning("the broker of commands is gone; another is started")
                await self.close()
            else:
                return
        raise ToolError("Commands cannot be started now; try again later.")


def _started() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(_SOURCE), str(theirs.fileno())],
            env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return ours, process


def _awaited(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        logger.error("the broker of commands does not end, and is killed")
        process.kill()
        process.wait()


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
