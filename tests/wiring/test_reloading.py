"""Edits of the settings file are applied to the running server, or change nothing."""

import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from toolyard.clients.mcp_client import MCPClient
from toolyard.config.approvals import approve
from toolyard.config.origin import Origin
from toolyard.core.context import CallContext, Event
from toolyard.core.protocol import Change
from toolyard.core.tool import ToolCall
from toolyard.events.types import SettingsRead
from toolyard.wiring import reloading
from toolyard.wiring.reloading import Reloading
from toolyard.wiring.serving import gateway_of

OURS = CallContext()
PORT = "port = 0\n"
CALCULATOR = '[tools.calculator]\nkind = "calculator"\n'
TOOL = '''
import anyio
from toolyard import tool

@tool
async def version(wait_s: float = 0.0) -> int:
    """Tell the version."""
    await anyio.sleep(wait_s)
    return {version}
'''


class Running:
    """A gateway whose settings file is followed."""

    def __init__(self, file: Path, client: MCPClient, events: list[Event]) -> None:
        self.file = file
        self.client = client
        self._events = events
        self._seen = 0

    async def edit(self, text: str) -> SettingsRead:
        """Write the file as a careful editor does; what is said of it."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self.file)
        return await self.said()

    async def said(self) -> SettingsRead:
        """What is said of the next edit."""
        with anyio.fail_after(10):
            while True:
                told = [each for each in self._events if isinstance(each, SettingsRead)]
                if len(told) > self._seen:
                    self._seen += 1
                    return told[self._seen - 1]
                await anyio.sleep(0.01)

    async def names(self) -> list[str]:
        return [tool.name for tool in await self.client.list_tools(OURS)]


@asynccontextmanager
async def following(
    file: Path, text: str, *, must_be_approved: bool = False
) -> AsyncGenerator[Running]:
    await anyio.Path(file).write_text(PORT + text)
    origin = Origin(file, must_be_approved=must_be_approved)
    edition, events = origin.read(), list[Event]()
    gateway = gateway_of(edition.settings)
    follows = Reloading(origin, edition, gateway.yard, events.append)
    with anyio.fail_after(30):
        async with (
            gateway.server as server,
            MCPClient(server.url) as client,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(follows.run)
            yield Running(file, client, events)
            tasks.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "CHECK_S", 0.05)


def python(directory: Path, version: int) -> str:
    file = directory / "mine.py"
    file.write_text(TOOL.format(version=version))
    return f'[tools.mine]\nkind = "{file}"\n'


async def test_tables_come_change_and_go(tmp_path: Path) -> None:
    async with following(tmp_path / "t.toml", CALCULATOR) as running:
        heard: list[Change] = []
        running.client.subscribe(heard.append)
        said = await running.edit(PORT + CALCULATOR + python(tmp_path, 1))
        assert said == SettingsRead("t.toml", ("mine",), None)
        assert await running.names() == ["calculator", "version"]

        said = await running.edit(PORT + CALCULATOR + python(tmp_path, 1) + 'prefix = "my"')
        assert said.changed == ("mine",)
        assert await running.names() == ["calculator", "my_version"]

        said = await running.edit(PORT + python(tmp_path, 1) + "enabled = false\n")
        assert said.changed == ("calculator", "mine")
        assert await running.names() == []
        with anyio.fail_after(5):
            while Change("tools") not in heard:  # noqa: ASYNC110
                await anyio.sleep(0.01)


async def test_an_edit_swaps_and_calls_under_way_finish(tmp_path: Path) -> None:
    text = python(tmp_path, 1)
    async with following(tmp_path / "t.toml", text) as running:
        got: list[int] = []

        async def call() -> None:
            waits = ToolCall("version", {"wait_s": 1.0})
            got.append((await running.client.call_tool(waits, OURS)).structured["result"])

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await anyio.sleep(0.2)
            assert (await running.edit(PORT + python(tmp_path, 2) + 'without = ["x"]')).changed
            now = await running.client.call_tool(ToolCall("version"), OURS)
            assert now.structured == {"result": 2}
            assert got == []
        assert got == [1]


BROKEN = [
    ("port = 0\n[tools.calculator]\nkind = 5\n", "t.toml, line 3"),
    ("port = 0\n[tools.calculator\n", "line 2"),
    ('port = 0\n\n\n[tools.new]\nkind = "abacus"\n', "[tools.new] in t.toml, line 4: There is"),
    (CALCULATOR + '[tools.new]\nkind = "no.py"\n', "[tools.new] in t.toml, line 3: There is"),
    (CALCULATOR + "[tools.new]\n", "t.toml, line 3"),
    (CALCULATOR + "knid = 5\n", "t.toml, line 3"),
    (CALCULATOR + '[tools.new]\nurl = "http://x/mcp"\ntoken_env = "NOT_SET"\n', "Set NOT_SET"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BROKEN)
async def test_a_broken_edit_changes_nothing_and_is_told_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    async with following(tmp_path / "t.toml", CALCULATOR) as running:
        told = await running.edit(text)
        assert told.changed == ()
        assert said in (told.problem or "")
        assert "Nothing was changed." in (told.problem or "")
        assert str(tmp_path) not in (told.problem or "")
        assert await running.names() == ["calculator"]
        fixed = await running.edit(PORT + CALCULATOR + python(tmp_path, 1))
        assert (fixed.changed, fixed.problem) == (("mine",), None)


async def test_one_broken_table_keeps_all_others_as_they_were(tmp_path: Path) -> None:
    async with following(tmp_path / "t.toml", CALCULATOR) as running:
        await running.edit(PORT + python(tmp_path, 1) + '[tools.x]\nkind = "abacus"\n')
        assert await running.names() == ["calculator"]


async def test_a_source_that_does_not_start_is_told_and_the_others_are_applied(
    tmp_path: Path,
) -> None:
    clashing = CALCULATOR + '[tools.again]\nkind = "calculator"\n' + python(tmp_path, 1)
    async with following(tmp_path / "t.toml", CALCULATOR) as running:
        told = await running.edit(PORT + clashing)
        assert told.changed == ("mine",)
        assert "[tools.again] in t.toml, line 4: Both 'calculator' and 'again'" in (
            told.problem or ""
        )
        assert await running.names() == ["calculator", "version"]


async def test_an_edit_that_breaks_what_it_must_not_or_fails_its_probe_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = python(tmp_path, 1)
    strict = text + "may_break = false\n"
    async with following(tmp_path / "t.toml", strict) as running:
        told = await running.edit(PORT + strict + 'without = ["version"]\n')
        assert "The tool 'version' is gone" in (told.problem or "")
        assert await running.names() == ["version"]
        probe = 'probe = { tool = "version", arguments = { wait_s = "soon" } }\n'
        told = await running.edit(PORT + text + probe)
        assert "The probe 'version' failed" in (told.problem or "")
        told = await running.edit(PORT + text + probe.replace('"soon"', "0"))
        assert (told.changed, told.problem) == (("mine",), None)
        await running.edit(PORT + text + 'rename = { version = "edition" }\n')
        assert "'mine' was swapped: The tool 'version' is gone" in caplog.text
        assert await running.names() == ["edition"]


async def test_a_file_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    async with following(tmp_path / "t.toml", CALCULATOR) as running:
        running.file.unlink()
        assert "cannot be read" in ((await running.said()).problem or "")
        assert await running.names() == ["calculator"]
        assert (await running.edit(PORT + python(tmp_path, 1))).changed


async def test_a_link_that_is_replaced_is_an_edit(tmp_path: Path) -> None:
    """As Kubernetes updates a file that comes from a ConfigMap."""
    for number, text in enumerate((CALCULATOR, python(tmp_path, 1))):
        (tmp_path / f"{number}.toml").write_text(PORT + text)
    link, fresh = tmp_path / "t.toml", tmp_path / "fresh"
    async with following(tmp_path / "0.toml", CALCULATOR):
        pass
    link.symlink_to(tmp_path / "0.toml")
    text = (tmp_path / "0.toml").read_text().removeprefix("port = 0\n")
    async with following(link, text) as running:
        fresh.symlink_to(tmp_path / "1.toml")
        os.replace(fresh, link)
        assert (await running.said()).changed == ("calculator", "mine")


async def test_what_counts_only_at_a_start_is_named(tmp_path: Path) -> None:
    async with following(tmp_path / "t.toml", CALCULATOR) as running:
        told = await running.edit('port = 1\nhost = "::1"\n' + CALCULATOR + python(tmp_path, 1))
        assert told.changed == ("mine",)
        assert "host, port counts when the server is started again" in (told.problem or "")


async def test_hosts_files_are_followed(tmp_path: Path) -> None:
    theirs = tmp_path / ".mcp.json"
    stdio = {
        "command": sys.executable,
        "args": ["-m", "toolyard", "serve", "calculator", "--stdio"],
    }
    await anyio.Path(theirs).write_text(json.dumps({"mcpServers": {"far": stdio}}))
    text = f'mcp_servers = ["{theirs}"]\n{CALCULATOR}'
    async with following(tmp_path / "t.toml", text) as running:
        assert await running.names() == ["calculator", "far_calculator"]
        await anyio.Path(theirs).write_text(json.dumps({"mcpServers": {"near": stdio}}))
        assert (await running.said()).changed == ("far", "near")
        assert await running.names() == ["calculator", "near_calculator"]
        await anyio.Path(theirs).write_text("{")
        assert ".mcp.json" in ((await running.said()).problem or "")
        assert await running.names() == ["calculator", "near_calculator"]


async def test_python_files_are_followed_if_that_is_wanted(tmp_path: Path) -> None:
    for watch, changes in (("all", ("mine",)), ("settings", None)):
        text = f'watch = "{watch}"\n{python(tmp_path, 1)}'
        async with following(tmp_path / "t.toml", text) as running:
            python(tmp_path, 2)
            if changes is None:
                await anyio.sleep(0.5)
            else:
                assert (await running.said()).changed == changes
                (tmp_path / "mine.py").write_text("syntax error")
                assert "mine.py, line 1" in ((await running.said()).problem or "")
            got = await running.client.call_tool(ToolCall("version"), OURS)
            assert got.structured == {"result": 1 if changes is None else 2}


async def test_nothing_is_followed_if_that_is_not_wanted(tmp_path: Path) -> None:
    file, off = tmp_path / "t.toml", 'watch = "off"\n'
    async with following(file, off + CALCULATOR) as running:
        await anyio.Path(file).write_text(PORT + off + CALCULATOR + python(tmp_path, 1))
        await anyio.sleep(0.5)
        assert await running.names() == ["calculator"]


async def test_a_file_that_spoils_an_edit_is_followed_until_it_is_mended(tmp_path: Path) -> None:
    every = 'watch = "all"\n' + CALCULATOR
    mine, hosts = tmp_path / "mine.py", tmp_path / "hosts.json"
    async with following(tmp_path / "t.toml", every) as running:
        for file, text, mended in (
            (mine, every + python(tmp_path, 1), TOOL.format(version=1)),
            (hosts, f'mcp_servers = ["{hosts}"]\n{every}', '{"mcpServers": {}}'),
        ):
            file.write_text("broken")
            assert f"{file.name}, line 1" in ((await running.edit(PORT + text)).problem or "")
            file.write_text(mended)
            assert (await running.said()).problem is None


async def test_tools_may_move_from_one_table_to_another_before_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("".join(TOOL.format(version=n).replace("version(", f"t{n}(") for n in range(3)))

    def text(first: str, second: str) -> str:
        tables = {"a": first, "b": second}
        return "".join(f'[tools.{n}]\nkind="{file}"\nonly="{o}"\n' for n, o in tables.items())

    async with following(tmp_path / "t.toml", text("t0", "t1,t2")) as running:
        said = await running.edit(PORT + text("t0,t1", "t2"))
        assert said == SettingsRead("t.toml", ("a", "b"), None)
        assert await running.names() == ["t0", "t1", "t2"]


async def test_names_of_files_never_count_from_where_a_tool_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory that it works in may hold a file of the same name, which nobody asked for."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    (there / "t.toml").write_text(PORT + CALCULATOR + python(there, 1))
    monkeypatch.chdir(here)
    async with following(Path("t.toml"), CALCULATOR) as running:
        os.chdir(there)
        assert "changed the server's working directory" in ((await running.said()).problem or "")
        assert await running.names() == ["calculator"]
        os.chdir(here)
        assert (await running.edit(PORT + CALCULATOR + python(here, 2))).changed == ("mine",)


async def test_a_found_file_counts_only_as_it_was_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "toolyard.toml"
    async with following(file, CALCULATOR, must_be_approved=True) as running:
        told = await running.edit(PORT + CALCULATOR + python(tmp_path, 1))
        assert "is not as you approved it" in (told.problem or "")
        assert await running.names() == ["calculator"]
        text = PORT + CALCULATOR + python(tmp_path, 3)
        approve(file, text)
        assert (await running.edit(text)).changed == ("mine",)
