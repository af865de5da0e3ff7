"""A server process, asked line by line over its standard streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp.client.stdio import get_default_environment

from toolyard.clients.bounds import MOST_BYTES
from toolyard.clients.doctor.examination import Broken
from toolyard.clients.doctor.reply import (
    Message,
    Reply,
    decoded,
    introduction,
    modern,
    notification,
    request,
)
from toolyard.clients.faults import connect_fault
from toolyard.clients.targets import StdioServer

MOST_NOISE = 20
MOST_NOISE_LETTERS = 200


class Pipe:
    """A started server between enter and exit; it asks in the handshake revisions.

    What the process writes to its standard error is not shown.
    """

    def __init__(self, server: StdioServer) -> None:
        self._server = server
        self._process: Process | None = None
        self._lines: BufferedByteReceiveStream | None = None
        self._number = 0
        self.noise: list[str] = []
        """The first lines on standard output that are no JSON-RPC messages, each cut short."""

    async def __aenter__(self) -> Self:
        """Start the process.

        Raises:
            Unreachable: There is no such program, or it may not run.
        """
        try:
            self._process = await anyio.open_process(
                list(self._server.command),
                env={**get_default_environment(), **self._server.env},
                cwd=self._server.cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise connect_fault(error, str(self._server)) from error
        assert self._process.stdout is not None
        self._lines = BufferedByteReceiveStream(self._process.stdout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process and whatever it started."""
        process = self._running
        # It leads a process group of its own; the group lives on while a child of it does.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with anyio.CancelScope(shield=True):
            await process.aclose()

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("enter the pipe before you use it")
        return self._process

    async def ask(self, method: str, params: Message | None = None) -> Reply:
        """The server's reply; what else it says meanwhile is passed over.

        Raises:
            Broken: It ended, or closed its output.
        """
        self._number += 1
        await self._write(request(self._number, method, params))
        while True:
            message = await self._message()
            if message.get("id") == self._number and "method" not in message:
                return Reply(message)

    async def introduce(self, revision: str) -> Reply:
        """The reply to `initialize`; if it is a result, the server is told that all is well."""
        reply = await self.ask("initialize", introduction(revision))
        if reply.result is not None:
            await self._write(notification("notifications/initialized"))
        return reply

    async def finish(self) -> int:
        """Close the process's input and wait until it ends; gives its exit code."""
        assert self._running.stdin is not None
        await self._running.stdin.aclose()
        with suppress(Broken):
            while True:
                await self._message()
        return await self._running.wait()

    async def _write(self, message: Message) -> None:
        assert self._running.stdin is not None
        try:
            await self._running.stdin.send(json.dumps(message).encode() + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            raise Broken("The server process ended early.") from None

    async def _message(self) -> Message:
        """The next JSON-RPC message; other lines are kept in `noise`."""
        assert self._lines is not None
        while True:
            try:
                line = await self._lines.receive_until(b"\n", MOST_BYTES)
            except (anyio.EndOfStream, anyio.IncompleteRead):
                raise Broken("The server process ended before it answered.") from None
            except anyio.DelimiterNotFound:
                raise Broken(f"The server writes a line over {MOST_BYTES >> 20} MiB.") from None
            message = decoded(line)
            if message is not None and "jsonrpc" in message:
                return message
            if line.strip() and len(self.noise) < MOST_NOISE:
                text = line.decode(errors="replace").strip()
                self.noise.append(text[:MOST_NOISE_LETTERS])


class ModernPipe:
    """Asks in revision 2026-07-28: each request stands alone."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    async def ask(self, method: str, params: Message | None = None) -> Reply:
        """The server's reply."""
        return await self._pipe.ask(method, modern(params))
