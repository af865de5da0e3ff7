"""What a process says on its standard error goes to our log: bounded, and harmless."""

import logging
import os
import signal
import sys

import anyio
import pytest
from tests.clients.serving import STDIO, gone, is_running

from toolyard import CallContext, MCPClient, ToolCall
from toolyard.clients import remarks
from toolyard.clients.remarks import MOST_LETTERS, Allowance, Lines

CONTEXT = CallContext()
SERVE = f"sys.argv = [{STDIO[1]!r}, '--stdio']\nrunpy.run_path({STDIO[1]!r}, run_name='__main__')\n"


def talking(what: str) -> list[str]:
    """A server that writes `what`, an expression that gives bytes, to its standard error."""
    script = f"import runpy, sys\nsys.stderr.buffer.write({what})\nsys.stderr.flush()\n{SERVE}"
    return [sys.executable, "-c", script]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == remarks.logger.name]


async def test_a_remark_is_logged_with_the_server_and_without_what_steers_a_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "toolyard.clients")
    async with MCPClient.stdio(talking(r"b'one\r\n\n\x1b[31mtw\xc3\xb6\x00\xff\nlast'")) as client:
        await client.list_tools(CONTEXT)
    lines = logged(caplog)
    program = os.path.basename(sys.executable)
    begin = f"the server {program!r}: "
    assert lines[:3] == [f"{begin}one", f"{begin}[31mtwö\ufffd", f"{begin}last"]


async def test_a_process_that_talks_without_end_is_served_and_floods_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "toolyard.clients")
    monkeypatch.setattr(remarks, "BURST", 5)
    monkeypatch.setattr(remarks, "LINES_PER_S", 0.0)
    much = "b'x' * 5_000_000 + b'\\n' + b'chatter\\n' * 200_000"
    with anyio.fail_after(30):
        async with MCPClient.stdio(talking(much)) as client:
            assert (await client.call_tool(ToolCall("refuse"), CONTEXT)).text == "not today"
    lines = logged(caplog)
    assert len(lines) == 5
    assert max(map(len, lines)) < MOST_LETTERS + 100


async def test_what_was_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remarks, "BURST", 1)
    monkeypatch.setattr(remarks, "LINES_PER_S", 100.0)
    allowance = Allowance()
    assert [allowance.has_room() for _ in range(3)] == [True, False, False]
    assert allowance.left_out == 2
    await anyio.sleep(0.02)
    assert allowance.has_room()


def test_lines_come_whole_however_they_are_cut() -> None:
    text = "häßlich\nzwei\n".encode()
    for size in (1, 2, 3, 100):
        lines = Lines()
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert [line for piece in pieces for line in lines.added(piece)] == ["häßlich", "zwei"]
        assert list(lines.rest()) == []


async def test_processes_and_their_children_are_gone_also_after_restarts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.process.GRACE_S", 0.5)
    pids: list[int] = []
    with anyio.fail_after(60):
        async with MCPClient.stdio(STDIO, patient=True) as client:
            for _ in range(3):
                for tool in ("child", "process"):
                    given = await client.call_tool(ToolCall(tool), CONTEXT)
                    pids.append(given.structured["result"])
                os.kill(pids[-1], signal.SIGKILL)
                await gone(pids[-1])
                await gone(pids[-2])
            given = await client.call_tool(ToolCall("process"), CONTEXT)
            assert is_running(given.structured["result"])
            assert client.health()["restarts"] == 3
        await gone(given.structured["result"])
