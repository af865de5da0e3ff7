"""The examination of a server that is started as a process."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import anyio
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from toolyard.clients.doctor.eras import Era, connects, examine_tools
from toolyard.clients.doctor.examination import Broken, Examination
from toolyard.clients.doctor.finding import Finding, failure, ok, shown, warning
from toolyard.clients.doctor.identity import of_discovery, of_introduction, serves_modern
from toolyard.clients.doctor.lint import lint
from toolyard.clients.doctor.pipe import ModernPipe, Pipe
from toolyard.clients.doctor.reply import Reply
from toolyard.clients.targets import StdioServer
from toolyard.core.errors import Unreachable

PATIENCE_S = 3.0
"""Seconds a process may take to end; hosts kill it after some two."""


async def examine_stdio(server: StdioServer, examination: Examination) -> None:
    """Do what hosts would do to the server, in four processes of it.

    Raises:
        Unreachable: It cannot be started, or answers nobody.
    """
    async with AsyncExitStack() as running:
        new, old, both = [await running.enter_async_context(Pipe(server)) for _ in range(3)]
        eras = await _greet(server, new, old, examination)
        tools = await examine_tools(eras, examination)
        await examination.run("probe", partial(_probes_then_introduces, both))
        await examination.run(
            "end", partial(_ends, both, min(PATIENCE_S, examination.timeout_s / 2))
        )
        examination.note(_says_only_json((new, old, both)))
    session = partial(
        connects,
        server,
        None,
        revision="auto",
        names=[tool.name for tool in tools],
        timeout_s=examination.timeout_s,
    )
    await examination.run("session", session)
    examination.note(lint(tools, within_s=examination.timeout_s))


async def _greet(
    server: StdioServer, new: Pipe, old: Pipe, examination: Examination
) -> Sequence[Era]:
    """What the server says to a host of either era; the eras it speaks."""
    timeout_s = examination.timeout_s
    discovered = await _within(timeout_s, ModernPipe(new).ask("server/discover"))
    introduced = await _within(timeout_s, old.introduce(LATEST_HANDSHAKE_VERSION))
    if introduced is None and (discovered is None or discovered.result is None):
        raise Unreachable(
            f"Cannot reach {server}: it ended or said nothing. Start its command by hand to see "
            "why."
        )
    eras: list[Era] = []
    if discovered is not None and serves_modern(discovered):
        eras.append(Era(LATEST_MODERN_VERSION, ModernPipe(new)))
    if introduced is not None and introduced.result is not None:
        eras.append(Era(str(introduced.result.get("protocolVersion")), old))
    examination.note(tuple(of_discovery(discovered or Reply())))
    only_era = not serves_modern(discovered or Reply())
    examination.note(tuple(of_introduction(introduced or Reply(), only_era=only_era)))
    return eras


async def _within(timeout_s: float, asking: Awaitable[Reply]) -> Reply | None:
    """The reply; `None` if the server ended or took too long."""
    try:
        with anyio.fail_after(timeout_s):
            return await asking
    except (Broken, TimeoutError):
        return None


async def _probes_then_introduces(pipe: Pipe) -> Finding:
    """What several hosts do: they discover, and shake hands all the same on the same pipe."""
    await ModernPipe(pipe).ask("server/discover")
    reply = await pipe.introduce(LATEST_HANDSHAKE_VERSION)
    if reply.result is not None:
        return ok("probe", "A host may probe with server/discover and then shake hands.")
    return failure(
        "probe",
        f"After server/discover, initialize gives {reply}: hosts that probe first cannot connect; "
        "answer both on one pipe.",
    )


async def _ends(pipe: Pipe, patience_s: float) -> Finding:
    """The host closes the pipe."""
    try:
        with anyio.fail_after(patience_s):
            code = await pipe.finish()
    except TimeoutError:
        return failure(
            "end",
            f"The process goes on {patience_s:g} s after its input ended: hosts leave it behind or "
            "kill it; end it when standard input ends.",
        )
    if code:
        return warning("end", f"The process ends with its input, but with exit code {code}.")
    return ok("end", "The process ends when its input ends.")


def _says_only_json(pipes: Sequence[Pipe]) -> Finding:
    noise = [line for pipe in pipes for line in pipe.noise]
    if not noise:
        return ok("stdout", "Nothing but JSON-RPC comes on standard output.")
    return failure(
        "stdout",
        f"Standard output holds other things than JSON-RPC, such as {shown(noise[0])}: hosts "
        "break off; write logs to standard error.",
    )
