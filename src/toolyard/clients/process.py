"""An MCP server as a child process: its pipes as message streams, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from os import PathLike
from typing import Any

import anyio
import mcp_types as types
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage

from toolyard.clients.bounds import MOST_BYTES
from toolyard.clients.lines import Ending, Unreadable, message_in
from toolyard.clients.remarks import log_remarks
from toolyard.clients.trouble import note_of

GRACE_S = 2.0
"""How long a process may take to end by itself, and again after it was told to."""
GLANCE_S = 0.01
HANDING_BACK_S = 0.1
"""For how long messages that a process did not get are handed back after its end."""

Send = MemoryObjectSendStream[SessionMessage | Exception]
Heard = MemoryObjectReceiveStream[SessionMessage | Exception]
Said = MemoryObjectReceiveStream[SessionMessage]

GONE = (
    anyio.EndOfStream,
    anyio.IncompleteRead,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    OSError,
)


@asynccontextmanager
async def child_process(
    command: Sequence[str], *, name: str, env: Mapping[str, str], cwd: str | PathLike[str] | None
) -> AsyncGenerator[tuple[Heard, MemoryObjectSendStream[SessionMessage]]]:
    """Start `command` in a process group of its own, which ends with the block.

    `env` is added to the few variables that every program needs. What it writes to standard error
    goes to our log, under `name`.
    """
    process = await anyio.open_process(
        command,
        env={**get_default_environment(), **env},
        cwd=cwd,
        start_new_session=True,
    )
    heard, incoming = anyio.create_memory_object_stream[SessionMessage | Exception]()
    outgoing, said = anyio.create_memory_object_stream[SessionMessage]()
    try:
        async with heard, incoming, outgoing, said, anyio.create_task_group() as tasks:
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stderr is not None
            tasks.start_soon(log_remarks, process.stderr, name)
            writing = anyio.Lock()
            tasks.start_soon(_read, process.stdout, heard, writing)
            tasks.start_soon(_write, process.stdin, said, heard, writing)
            try:
                yield incoming, outgoing
            finally:
                incoming.close()
                with anyio.CancelScope(shield=True):
                    await _end(process)
                    await anyio.sleep(GLANCE_S)  # for its last words
                tasks.cancel_scope.cancel()
    finally:
        _let_go(process)


async def _read(stdout: ByteReceiveStream, heard: Send, writing: anyio.Lock) -> None:
    """Pass messages on until the output ends; what nobody takes any more is thrown away."""
    async with heard:
        with suppress(*GONE):
            try:
                await _pass_on(BufferedByteReceiveStream(stdout), heard)
            except Unreadable as trouble:
                await heard.send(trouble)
            except anyio.DelimiterNotFound:
                await heard.send(Unreadable(f"it writes a line over {MOST_BYTES >> 20} MiB"))
        with suppress(*GONE):
            await _all_handed_back(heard, writing)
    with suppress(*GONE):
        while True:
            await stdout.receive()


async def _all_handed_back(heard: Send, writing: anyio.Lock) -> None:
    """Wait a moment: what was said to a process that had ended is known not to have reached it.

    Whatever is not handed back before the end is known may or may not have run.
    """
    with anyio.move_on_after(HANDING_BACK_S):
        await heard.send(Ending())
        await anyio.sleep(GLANCE_S)
        async with writing:
            pass


async def _pass_on(lines: BufferedByteReceiveStream, heard: Send) -> None:
    while True:
        message = message_in(await lines.receive_until(b"\n", MOST_BYTES))
        if message is not None:
            await heard.send(message)


async def _write(stdin: ByteSendStream, said: Said, heard: Send, writing: anyio.Lock) -> None:
    """Write messages; when nobody reads them, nothing will be heard either."""
    with suppress(*GONE):
        async for item in said:
            async with writing:
                line = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                if not await _is_taken(stdin, line.encode() + b"\n"):
                    await _hand_back(item.message, heard)
                    break
        else:
            return
        with anyio.move_on_after(HANDING_BACK_S):
            async for item in said:
                await _hand_back(item.message, heard)
    await heard.aclose()


async def _is_taken(stdin: ByteSendStream, line: bytes) -> bool:
    """Write a line; `False` if the process certainly did not get the whole of it."""
    writer: Any = getattr(stdin, "_stream", None)
    try:
        if isinstance(writer, asyncio.StreamWriter):  # its `drain` may not tell of a failed write
            writer.write(line)
            if writer.is_closing():
                return False
            await writer.drain()
        else:
            await stdin.send(line)
    except GONE:
        return False
    return True


async def _hand_back(message: types.JSONRPCMessage, heard: Send) -> None:
    """Say that the process did not get the whole of a request, so that it cannot have begun."""
    if isinstance(message, types.JSONRPCRequest):
        error = types.ErrorData(
            code=types.INTERNAL_ERROR, message="it has ended", data=dict(note_of("unsent"))
        )
        answer = types.JSONRPCError(jsonrpc="2.0", id=message.id, error=error)
        await heard.send(SessionMessage(answer))


async def _end(process: Process) -> None:
    """End the process as the protocol wants it: close its input, wait, tell, kill.

    The last two are for what it has started as well, even where it is gone itself.
    """
    assert process.stdin is not None
    with suppress(*GONE):
        await process.stdin.aclose()
    await _until(lambda: process.returncode is not None)
    _signal(process, signal.SIGTERM)
    if not await _until(lambda: process.returncode is not None and not _signal(process, 0)):
        _signal(process, signal.SIGKILL)
        await _until(lambda: process.returncode is not None)


async def _until(done: Callable[[], bool]) -> bool:
    with anyio.move_on_after(GRACE_S):
        while not done():  # noqa: ASYNC110  (nothing tells of the end of a group)
            await anyio.sleep(GLANCE_S)
        return True
    return False


def _signal(process: Process, number: int) -> bool:
    """Send a signal to the process's group; whether there is one."""
    if sys.platform == "win32":
        if number:
            process.kill()
        return False
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return process.returncode is None
    return True


def _let_go(process: Process) -> None:
    """Close the pipes: something that left the group may still hold their other ends."""
    transport: Any = getattr(getattr(process, "_process", None), "_transport", None)
    if transport is not None:
        transport.close()
