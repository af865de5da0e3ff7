"""What a running server serves is changed: by tools, and over plain HTTP."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest
from tests.support.process import free_port

from toolyard.clients.mcp_client import MCPClient
from toolyard.config.loading import load
from toolyard.core.context import CallContext, Event
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.events.types import CallFinished
from toolyard.servers.tool_server import ToolServer
from toolyard.wiring import yard
from toolyard.wiring.serving import gateway_of, server_of
from toolyard.wiring.tokens import new_token

OURS = CallContext()
ADMIN, USER, EVERYONE = ("admin-" + "a" * 40, "user-" + "u" * 40, "all-" + "e" * 40)
TOKENS = [
    {"secret": ADMIN, "scopes": ["admin", "tool:*"]},
    {"secret": USER, "scopes": ["tool:*"]},
    {"secret": EVERYONE},
]
CALCULATOR = {"calculator": {"kind": "calculator"}}
TOOL = '''
from toolyard import tool

@tool
def version() -> int:
    """Tell the version."""
    return {version}
'''


@asynccontextmanager
async def controlled(**options: Any) -> AsyncGenerator[tuple[ToolServer, MCPClient]]:
    """A server with the calculator that may be changed, and a client that may do it."""
    given = {"port": 0, "control": True, "tokens": TOKENS, "tools": CALCULATOR, **options}
    with anyio.fail_after(30):
        async with (
            server_of(load(None, given)) as server,
            MCPClient(server.url, token=ADMIN) as client,
        ):
            yield server, client


async def names(source: ToolProtocol) -> list[str]:
    listed = await source.list_tools(OURS)
    return [tool.name for tool in listed if not tool.name.startswith("yard_")]


async def told(client: MCPClient, command: str, **arguments: Any) -> ToolResult:
    return await client.call_tool(ToolCall(f"yard_{command}", arguments), OURS)


async def done(client: MCPClient, command: str, **arguments: Any) -> Any:
    result = await told(client, command, **arguments)
    assert not result.is_error, result.text
    return result.structured


def python(directory: Path, version: int) -> Mapping[str, str]:
    file = directory / "mine.py"
    file.write_text(TOOL.format(version=version))
    return {"kind": str(file)}


async def test_mounts_come_change_and_go(tmp_path: Path) -> None:
    async with controlled() as (_, client):
        added = await done(client, "add", name="mine", table=python(tmp_path, 1))
        assert (added["state"], added["tools"]) == ("ready", 1)
        assert (await client.call_tool(ToolCall("version"), OURS)).structured == {"result": 1}

        python(tmp_path, 2)
        assert (await done(client, "swap", name="mine"))["breaks"] == []
        assert (await client.call_tool(ToolCall("version"), OURS)).structured == {"result": 2}

        swapped = await done(client, "swap", name="mine", table={"prefix": "my"})
        assert (swapped["added"], swapped["removed"]) == (["my_version"], ["version"])
        assert await names(client) == ["calculator", "my_version"]

        listed = (await done(client, "list"))["mounts"]
        assert [mount["name"] for mount in listed] == ["calculator", "mine"]
        health = (await done(client, "health", name="mine"))["mounts"]["mine"]
        assert (health["calls"], health["swaps"]) == (2, 2)

        await done(client, "disable", name="calculator", tool="calculator")
        await done(client, "disable", name="mine")
        assert await names(client) == []
        await done(client, "enable", name="calculator", tool="calculator")
        await done(client, "enable", name="mine")
        assert await names(client) == ["calculator", "my_version"]

        drained = await done(client, "drain", name="mine")
        assert (drained["state"], drained["in_flight"]) == ("disabled", 0)
        assert await done(client, "remove", name="mine") == {"removed": "mine"}
        assert await names(client) == ["calculator"]
        assert [mount["name"] for mount in (await done(client, "list"))["mounts"]] == ["calculator"]


async def test_a_table_that_is_not_enabled_is_known_and_not_started(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    file = tmp_path / "mine.py"
    file.write_text(f"open({str(marker)!r}, 'w').close()\n{TOOL.format(version=1)}")
    tools = {**CALCULATOR, "mine": {"kind": str(file), "enabled": False}}
    async with controlled(tools=tools) as (_, client):
        mount = (await done(client, "list"))["mounts"][1]
        assert (mount["name"], mount["state"], mount["tools"]) == ("mine", "disabled", 0)
        assert not marker.exists()
        assert (await done(client, "enable", name="mine"))["state"] == "ready"
        assert await names(client) == ["calculator", "version"]
        await done(client, "swap", name="mine", table={"enabled": False})
        assert await names(client) == ["calculator"]


async def test_large_results_of_what_is_added_are_cut_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("0123456789\n" * 500)
    async with controlled(results={"max_bytes": 1_000}) as (_, client):
        table = {"kind": "filesystem", "options": {"root": str(tmp_path)}}
        await done(client, "add", name="files", table=table)
        assert "result_read" in await names(client)
        result = await client.call_tool(ToolCall("read_file", {"path": "long"}), OURS)
        assert len(result.text) < 2_000


async def test_what_reads_large_results_is_there_first_or_nothing_is(tmp_path: Path) -> None:
    rival = tmp_path / "rival.py"
    rival.write_text(TOOL.format(version=1).replace("version()", "result_read()"))
    async with controlled(tools={"rival": {"kind": str(rival)}}) as (_, client):
        table = {"kind": "filesystem", "options": {"root": str(tmp_path)}}
        assert "'result_read'" in (await told(client, "add", name="files", table=table)).text
        assert await names(client) == ["result_read"]
        await done(client, "add", name="calculator", table={"kind": "calculator"})
        await done(client, "remove", name="rival")
        await done(client, "add", name="files", table=table)
        assert {"result_read", "read_file"} <= set(await names(client))


async def test_of_two_that_add_one_name_at_once_one_is_refused(tmp_path: Path) -> None:
    answers: list[ToolResult] = []

    async def add(client: MCPClient, number: int) -> None:
        file = tmp_path / f"{number}.py"
        slowly = f"import time\ntime.sleep({number + 0.5})\n"  # both are begun, then one is done
        await anyio.Path(file).write_text(slowly + TOOL.format(version=number))
        answers.append(await told(client, "add", name="mine", table={"kind": str(file)}))

    async with controlled() as (_, client):
        async with anyio.create_task_group() as tasks:
            for number in (0, 1):
                tasks.start_soon(add, client, number)
        assert [answer.is_error for answer in answers] == [False, True]
        assert "There is a mount 'mine' already" in answers[1].text
        assert (await client.call_tool(ToolCall("version"), OURS)).structured == {"result": 0}


async def test_options_are_laid_over_those_that_are_there(tmp_path: Path) -> None:
    table = {"kind": "filesystem", "options": {"root": str(tmp_path)}}
    async with controlled(tools={"notes": table}) as (_, client):
        assert "write_file" in await names(client)
        await done(client, "swap", name="notes", table={"options": {"read_only": True}})
        assert {"read_file", "write_file"} & set(await names(client)) == {"read_file"}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("add", {"name": "calculator", "table": {"kind": "memory"}}, "There is a mount 'calculator'"),
    ("add", {"name": "more", "table": {"kind": "calculator"}}, "give one of them a prefix"),
    ("add", {"name": "yard", "table": {"kind": "memory"}}, "taken by the server itself"),
    ("add", {"name": "results", "table": {"kind": "memory"}}, "taken by the server itself"),
    ("add", {"name": "x", "table": {"kind": "abacus"}}, "There is no kind 'abacus'"),
    ("add", {"name": "x", "table": {"knd": "memory"}}, "table.knd"),
    ("add", {"name": "x", "table": {}}, "give exactly one of kind, url, command"),
    ("add", {"name": "x", "table": {"kind": "a.py", "token": "s3cret"}}, "token goes with url"),
    ("add", {"name": "x", "table": {"kind": "no/such.py"}}, "There is no file"),
    ("add", {"name": "", "table": {"kind": "memory"}}, "name"),
    ("swap", {"name": "gone"}, "Unknown mount: 'gone'"),
    ("swap", {"name": "yard"}, "Unknown mount: 'yard'"),
    ("swap", {"name": "calculator", "table": {"kind": "abacus"}}, "There is no kind"),
    ("remove", {"name": "gone"}, "Unknown mount"),
    ("remove", {"name": "yard"}, "Unknown mount"),
    ("enable", {"name": "gone"}, "Unknown mount"),
    ("disable", {"name": "calculator", "tool": "gone"}, "Unknown tool"),
    ("drain", {"name": "gone"}, "Unknown mount"),
    ("drain", {"name": "calculator", "drain_s": -1}, "drain_s"),
    ("health", {"name": "gone"}, "Unknown mount"),
]


@pytest.mark.parametrize(("command", "arguments", "said"), REFUSED)
async def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(
    command: str, arguments: dict[str, Any], said: str
) -> None:
    async with controlled() as (_, client):
        result = await told(client, command, **arguments)
        assert result.is_error
        assert said in result.text
        assert "s3cret" not in result.text
        assert await names(client) == ["calculator"]
        assert (await client.call_tool(ToolCall("calculator", {"expression": "2"}), OURS)).text


async def test_a_server_that_is_away_takes_no_other_along_and_comes_by_itself() -> None:
    behind = load(None, {"port": free_port(), "tools": {"memory": {"kind": "memory"}}})
    away = {"url": f"http://127.0.0.1:{behind.port}/mcp", "prefix": "far"}
    async with controlled(tools={**CALCULATOR, "away": away}) as (_, client):
        assert await names(client) == ["calculator"]
        health = (await done(client, "health", name="away"))["mounts"]["away"]
        assert (health["state"], health["tools"]) == ("unreachable", 0)
        assert "Cannot reach" in health["last_error"]
        refused = await told(client, "swap", name="calculator", table={**away, "prefix": "x"})
        assert "Cannot reach" in refused.text
        async with server_of(behind):
            while await names(client) != ["calculator", "far_memory"]:  # noqa: ASYNC110
                await anyio.sleep(0.05)
            call = ToolCall("far_memory", {"command": "PUT", "key": "a", "value": "b"})
            assert not (await client.call_tool(call, OURS)).is_error


async def test_a_breaking_swap_can_be_refused(tmp_path: Path) -> None:
    async with controlled(tools={"mine": python(tmp_path, 1)}) as (_, client):
        refused = await told(
            client, "swap", name="mine", table={"kind": "calculator"}, may_break=False
        )
        assert refused.is_error
        assert "The tool 'version' is gone" in refused.text
        assert await names(client) == ["version"]


async def test_a_source_that_fails_says_no_more_than_its_kind_of_error(tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    file.write_text(
        "from toolyard import Toolbox\n"
        "class Odd(Toolbox):\n"
        "    async def __aenter__(self):\n"
        "        raise ValueError('s3cret')\n"
        "odd = Odd()\n"
    )
    async with controlled() as (_, client):
        result = await told(client, "add", name="odd", table={"kind": str(file)})
        assert "'odd' could not be started (ValueError)" in result.text
        assert "s3cret" not in result.text
        file.write_text("open('/s3cret/path')")
        result = await told(client, "add", name="odd", table={"kind": str(file)})
        assert result.text == "odd.py, line 1: FileNotFoundError; the server's log says why."
        assert [mount["name"] for mount in (await done(client, "list"))["mounts"]] == ["calculator"]


EXITS = [
    "import sys\nsys.exit(3)\n",
    "import sys\nfrom toolyard import Toolbox\n"
    "class Odd(Toolbox):\n    async def __aenter__(self):\n        sys.exit(3)\nodd = Odd()\n",
    "import sys\nfrom toolyard import Toolbox\n"
    "class Odd(Toolbox):\n    async def list_tools(self, context):\n        sys.exit(3)\n"
    "odd = Odd()\n",
]


@pytest.mark.parametrize("text", EXITS)
async def test_a_source_that_exits_does_not_end_the_server(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.py"
    file.write_text(text)
    async with controlled() as (server, client), httpx2.AsyncClient(trust_env=False) as http:
        assert (await told(client, "add", name="odd", table={"kind": str(file)})).is_error
        answer = await http.post(
            f"{server.url.removesuffix('/mcp')}/yard/add",
            headers={"Authorization": f"Bearer {ADMIN}"},
            json={"name": "odd", "table": {"kind": str(file)}},
        )
        assert answer.status_code == 400
        assert await names(client) == ["calculator"]


async def test_files_that_never_end_hold_up_no_other_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yard, "START_S", 0.2)
    file, end = tmp_path / "endless.py", tmp_path / "end"
    file.write_text(
        f"import os, time\nwhile not os.path.exists({str(end)!r}):\n    time.sleep(0.01)\n"
    )
    async with controlled() as (_, client):
        for _ in range(yard.MOST_MADE + 1):
            result = await told(client, "add", name="odd", table={"kind": str(file)})
            assert "'odd' did not start within 0.2 s" in result.text
        assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
        end.touch()


@pytest.mark.parametrize("token", [USER, EVERYONE])
async def test_only_admins_see_and_use_it(token: str) -> None:
    async with controlled() as (server, _):
        async with MCPClient(server.url, token=token) as other:
            assert not [t for t in await other.list_tools(OURS) if t.name.startswith("yard_")]
        async with httpx2.AsyncClient(trust_env=False) as http:
            base, bearer = server.url.removesuffix("/mcp"), {"Authorization": f"Bearer {token}"}
            refused = await http.post(f"{base}/yard/remove", headers=bearer, json={"name": "x"})
            assert refused.status_code == 403
            assert 'scope="admin"' in refused.headers["www-authenticate"]
            assert (await http.get(f"{base}/yard", headers=bearer)).status_code == 403
            assert (await http.get(f"{base}/yard")).status_code == 401


HTTP: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/yard", None, 200, '"name":"calculator"'),
    ("POST", "/yard/list", None, 200, '"name":"calculator"'),
    ("POST", "/yard/add", {"name": "m", "table": {"kind": "memory"}}, 200, '"state":"ready"'),
    ("POST", "/yard/disable", {"name": "calculator"}, 200, '"state":"disabled"'),
    ("POST", "/yard/remove", {"name": "gone"}, 400, "Unknown mount"),
    ("POST", "/yard/remove", {}, 400, "name"),
    ("POST", "/yard/burn", {}, 404, "There is no command 'burn'"),
    ("POST", "/yard/remove", [], 400, "not a JSON object"),
    ("POST", "/yard/remove", "{", 400, "not a JSON object"),
    ("GET", "/yard/list", None, 405, "POST"),
    ("DELETE", "/yard", None, 405, "POST"),
    ("POST", "/yardstick", {}, 404, "Not found"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "said"), HTTP)
async def test_scripts_have_the_same_over_plain_http(
    method: str, path: str, body: Any, status: int, said: str
) -> None:
    async with controlled() as (server, _), httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.request(
            method,
            server.url.removesuffix("/mcp") + path,
            headers={"Authorization": f"Bearer {ADMIN}"},
            content=body if body is None or isinstance(body, str) else json.dumps(body),
        )
    assert answer.status_code == status, answer.text
    assert said in answer.text


async def test_a_command_is_not_carried_out_for_a_client_that_went_away(tmp_path: Path) -> None:
    started, go_on, outcomes = tmp_path / "started", tmp_path / "go_on", list[str]()
    (tmp_path / "mine.py").write_text(
        f"import os, time\nopen({str(started)!r}, 'w').close()\n"
        f"while not os.path.exists({str(go_on)!r}):\n    time.sleep(0.01)\n"
    )

    def hear(event: Event) -> None:
        if isinstance(event, CallFinished):
            outcomes.append(event.outcome)

    given = {"port": 0, "control": True, "tokens": TOKENS, "tools": CALCULATOR}
    async with gateway_of(load(None, given), [(hear, (CallFinished,))]).server as server:
        async with httpx2.AsyncClient(trust_env=False) as http:
            with anyio.fail_after(10):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(
                        partial(
                            http.post,
                            f"{server.url.removesuffix('/mcp')}/yard/add",
                            headers={"Authorization": f"Bearer {ADMIN}"},
                            json={"name": "mine", "table": {"kind": str(tmp_path / "mine.py")}},
                        )
                    )
                    while not started.exists():  # noqa: ASYNC110
                        await anyio.sleep(0.01)
                    tasks.cancel_scope.cancel()
                while not outcomes:  # noqa: ASYNC110
                    await anyio.sleep(0.01)
        go_on.touch()
    assert outcomes == ["cancelled"]


async def test_a_server_without_control_has_none_of_it() -> None:
    async with controlled(control=False) as (server, client):
        assert [tool.name for tool in await client.list_tools(OURS)] == ["calculator"]
        async with httpx2.AsyncClient(trust_env=False) as http:
            bearer = {"Authorization": f"Bearer {ADMIN}"}
            answer = await http.get(server.url.removesuffix("/mcp") + "/yard", headers=bearer)
    assert answer.status_code == 404


async def test_what_a_token_file_says_of_a_token_counts(tmp_path: Path) -> None:
    """The one in TOOLYARD_TOKEN may do everything: where client and server share variables."""
    file = tmp_path / "tokens.jsonl"
    secret, line = new_token("ops", ["*", "admin"])
    file.write_text(line)
    async with (
        controlled(token=[secret], token_file=str(file)) as (server, _),
        MCPClient(server.url, token=secret) as client,
    ):
        assert (await done(client, "list"))["mounts"]


@pytest.mark.parametrize("tokens", [[], [{"secret": USER, "scopes": ["tool:*"]}]])
def test_control_that_nobody_can_have_is_refused(tokens: list[dict[str, Any]]) -> None:
    with pytest.raises(ConfigError, match="control needs a token with the scope admin"):
        server_of(load(None, {"control": True, "tokens": tokens, "tools": CALCULATOR}))
