"""Servers that are started as processes: what they get, how they fail, and that they end."""

import os
import sys
from pathlib import Path

import anyio
import mcp_types as types
import pytest
from mcp.shared.message import SessionMessage
from tests.clients.serving import ERAS, STDIO, gone, is_running, open_files
from tests.clients.tools import toolbox

from toolyard import CallContext, MCPClient, ToolCall
from toolyard.clients.lines import Ending
from toolyard.clients.process import child_process
from toolyard.clients.targets import StdioServer
from toolyard.clients.trouble import trouble_in
from toolyard.core.errors import CallTimeout, ConfigError, Unreachable

CONTEXT = CallContext()
ALWAYS = {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LC_CTYPE"}
"""What a process may learn of ours; Python itself adds the last."""


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolyard.clients.process.GRACE_S", 0.5)


async def number(client: MCPClient, tool: str) -> int:
    return (await client.call_tool(ToolCall(tool), CONTEXT)).structured["result"]


async def test_a_process_gets_little_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_OURS", "secret")
    async with MCPClient.stdio(STDIO, env={"GIVEN": "1"}) as client:
        result = await client.call_tool(ToolCall("environment"), CONTEXT)
    names = set(result.structured["result"])
    assert "GIVEN" in names
    assert names <= ALWAYS | {"GIVEN"}


async def test_the_process_and_its_children_are_gone_after_leaving() -> None:
    files = open_files()
    async with MCPClient.stdio(STDIO) as client:
        pids = [await number(client, "process"), await number(client, "child")]
        assert all(map(is_running, pids))
    for pid in pids:
        await gone(pid)
    assert open_files() <= files


async def test_the_process_and_its_children_are_gone_after_a_cancellation() -> None:
    pids: list[int] = []
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:

            async def use() -> None:
                async with MCPClient.stdio(STDIO) as client:
                    pids.extend([await number(client, "process"), await number(client, "child")])
                    tasks.cancel_scope.cancel()
                    await anyio.sleep_forever()

            tasks.start_soon(use)
    assert len(pids) == 2
    for pid in pids:
        await gone(pid)


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(600)
"""


async def test_a_process_that_never_answers_and_will_not_end_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    target = StdioServer((sys.executable, "-c", STUBBORN, str(note)))
    with anyio.fail_after(20):
        with pytest.raises(Unreachable, match="in time"):
            async with MCPClient(target, connect_s=1):
                pass
    await gone(int(note.read_text()))


async def test_a_call_that_restarts_a_hanging_process_keeps_its_deadline(tmp_path: Path) -> None:
    """The first start serves, every later one hangs."""
    flag = tmp_path / "started"
    script = (
        "import os, pathlib, runpy, sys, time\n"
        f"flag = pathlib.Path({str(flag)!r})\n"
        "if flag.exists(): time.sleep(600)\n"
        "flag.touch()\n"
        f"sys.argv = [{STDIO[1]!r}, '--stdio']\n"
        f"runpy.run_path({STDIO[1]!r}, run_name='__main__')\n"
    )
    with anyio.fail_after(30):
        async with MCPClient.stdio((sys.executable, "-c", script)) as client:
            pid = await number(client, "process")
            os.kill(pid, 9)
            await gone(pid)
            began = anyio.current_time()
            for _ in range(2):
                soon = CallContext(deadline=anyio.current_time() + 0.3)
                with pytest.raises(Exception, match=r"did not finish|may or may not"):
                    await client.call_tool(ToolCall("process"), soon)
            assert anyio.current_time() - began < 2


@pytest.mark.parametrize("command", ["no-such-program-anywhere", "/no/such/path", "/"])
async def test_a_missing_program_is_unreachable(command: str) -> None:
    with pytest.raises(Unreachable, match="Cannot start the server") as raised:
        async with MCPClient.stdio([command]):
            pass
    assert "/no/such" not in str(raised.value)


async def test_a_missing_directory_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="directory is missing"):
        async with MCPClient.stdio(STDIO, cwd=tmp_path / "nowhere"):
            pass


@pytest.mark.parametrize("era", [*ERAS, "2026-07-28"])
async def test_a_program_that_ends_at_once_is_unreachable(era: str) -> None:
    with anyio.fail_after(10), pytest.raises(Unreachable):
        async with MCPClient.stdio([sys.executable, "-c", "exit(3)"], revision=era) as client:
            await client.list_tools(CONTEXT)


@pytest.mark.parametrize("era", ERAS)
async def test_a_program_that_says_odd_things_first_is_understood(era: str) -> None:
    script = (
        "import runpy, sys\n"
        "sys.stdout.buffer.write(b'Welcome!\\n{\"half\": \\n[]\\n\\xc3\\xa9\\n\\n{}\\n')\n"
        "sys.stdout.flush()\n"
        f"sys.argv = [{STDIO[1]!r}, '--stdio']\n"
        f"runpy.run_path({STDIO[1]!r}, run_name='__main__')\n"
    )
    with anyio.fail_after(20):
        async with MCPClient.stdio([sys.executable, "-c", script], revision=era) as client:
            assert await client.list_tools(CONTEXT) == await toolbox().list_tools(CONTEXT)


@pytest.mark.parametrize("noise", [b"\xff\xfe\x00garbage", b"Welcome!\n" * 1000])
async def test_a_program_that_says_nothing_else_is_unreachable(noise: bytes) -> None:
    script = f"import sys; sys.stdout.buffer.write({noise!r}); sys.stdout.flush(); sys.stdin.read()"
    target = StdioServer([sys.executable, "-c", script])
    with anyio.fail_after(10), pytest.raises(Unreachable):
        async with MCPClient(target, connect_s=1):
            pass


async def test_what_an_ended_process_did_not_get_is_handed_back() -> None:
    """So that it can be said again, to the next one."""
    command = (sys.executable, "-c", "import os; os.close(0); os.close(1); input()")
    request = types.JSONRPCRequest(jsonrpc="2.0", id=7, method="tools/call")
    with anyio.fail_after(20):
        async with child_process(command, name="it", env={}, cwd=None) as (heard, said):
            assert isinstance(await heard.receive(), Ending)
            await said.send(SessionMessage(request))
            handed_back = await heard.receive()
            assert isinstance(handed_back, SessionMessage)
            assert isinstance(handed_back.message, types.JSONRPCError)
            assert handed_back.message.id == 7
            assert trouble_in(handed_back.message.error.data) == ("unsent", 0)
            with pytest.raises(anyio.EndOfStream):
                await heard.receive()


def test_no_command_is_refused() -> None:
    with pytest.raises(ConfigError):
        StdioServer([])


DEAF = """
import json, os, sys, time

for line in sys.stdin:
    message = json.loads(line)
    number, method = message.get("id"), message["method"]
    text = [dict(type="text", text=str(os.getpid()))]
    result = dict(content=text, tools=[], protocolVersion="2025-11-25", capabilities={})
    result["serverInfo"] = dict(name="deaf", version="1")
    if number is not None:
        print(json.dumps(dict(jsonrpc="2.0", id=number, result=result)), flush=True)
    if method == "tools/call":
        time.sleep(600)
"""
LONG = ToolCall("x", {"text": "x" * 300_000})


async def test_a_deadline_holds_although_the_process_reads_no_more() -> None:
    """It reads one call only, and pipes hold less than the next."""
    with anyio.fail_after(15):
        async with MCPClient.stdio((sys.executable, "-c", DEAF), revision="legacy") as client:
            first = await client.call_tool(LONG, CONTEXT)
            began = anyio.current_time()
            with pytest.raises(CallTimeout):
                await client.call_tool(LONG, CallContext(deadline=began + 0.3))
            assert anyio.current_time() - began < 2
            assert await client.call_tool(LONG, CONTEXT) != first


async def test_a_process_that_reads_no_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolyard.clients.streams.STUCK_S", 0.3)
    with anyio.fail_after(15):
        async with (
            MCPClient.stdio((sys.executable, "-c", DEAF), revision="legacy") as client,
            anyio.create_task_group() as tasks,
        ):
            first = await client.call_tool(LONG, CONTEXT)
            tasks.start_soon(client.call_tool, LONG, CONTEXT)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(Unreachable, match="takes no more messages"):
                await client.call_tool(LONG, CONTEXT)
            assert await client.call_tool(LONG, CONTEXT) != first
            tasks.cancel_scope.cancel()


async def test_leaving_a_process_that_reads_no_more_takes_no_longer_than_ending_it() -> None:
    began = anyio.current_time()
    with anyio.fail_after(15):
        async with (
            anyio.create_task_group() as tasks,
            MCPClient.stdio((sys.executable, "-c", DEAF), revision="legacy") as client,
        ):

            async def call() -> None:
                with pytest.raises(Unreachable):
                    await client.call_tool(LONG, CONTEXT)

            await client.call_tool(LONG, CONTEXT)
            for _ in range(3):
                tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            began = anyio.current_time()
        assert anyio.current_time() - began < 3
