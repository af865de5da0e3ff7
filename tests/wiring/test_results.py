"""Whose large results are cut, seen by a client."""

from pathlib import Path
from typing import Any

import pytest
from tests.egress.hosts import hosting, ok
from tests.wiring.test_serving import served

from toolyard import CallContext, MCPClient, ToolCall

TEXT = "".join(f"line {number}\n" for number in range(20_000))


async def test_a_large_file_is_cut_and_read_on_without_any_setting(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    files = {"kind": "filesystem", "options": {"root": str(tmp_path)}}
    async with served(tools={"files": files}) as server, MCPClient(server.url) as client:
        result = await called(client, "read_file", path="a.txt")
        handle = result.text.partition('handle "')[2].partition('"')[0]
        chosen = await called(client, "result_read", handle=handle, grep="^line 19999$")
        last = await called(client, "result_read", handle=handle, tail=1)
        length = await called(client, "result_read", handle=handle, jq=".content | length")
    assert len(result.text) < 64 * 1024
    assert result.structured["path"] == "a.txt"
    assert chosen.text == "20000: line 19999"
    assert last.text == "line 19999"
    assert length.text == str(len(TEXT))


async def test_a_large_answer_of_a_host_is_cut_without_any_setting() -> None:
    options = {"allow_private": ["127.0.0.1"], "allowed_ports": "*"}
    async with hosting(ok(TEXT.encode(), "Content-Type: text/plain")) as host:
        tools = {"web": {"kind": "http", "options": options}}
        async with served(tools=tools) as server, MCPClient(server.url) as client:
            result = await called(client, "http_get", url=host.url(name="127.0.0.1"))
            handle = result.text.partition('handle "')[2].partition('"')[0]
            status = await called(client, "result_read", handle=handle, jq=".status")
    assert len(result.text) < 64 * 1024
    assert result.structured["status"] == 200
    assert status.text == "200"


async def test_a_large_output_of_a_command_is_cut_without_any_setting() -> None:
    tools = {"bash": {"kind": "bash", "options": {"output_bytes": 1_000_000}}}
    async with served(tools=tools) as server, MCPClient(server.url) as client:
        result = await called(client, "bash", command="seq 1 20000")
        handle = result.text.partition('handle "')[2].partition('"')[0]
        chosen = await called(client, "result_read", handle=handle, grep="^12345$")
    assert len(result.text) < 64 * 1024
    assert result.structured["exit_code"] == 0
    assert "12345" in chosen.text


async def test_another_token_reads_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    files = {"kind": "filesystem", "options": {"root": str(tmp_path)}}
    tokens = ["a-token-of-ann-0123456789abcdef-x1", "a-token-of-bob-0123456789abcdef-x2"]
    async with (
        served(tools={"files": files}, token=tokens) as server,
        MCPClient(server.url, token=tokens[0]) as ann,
        MCPClient(server.url, token=tokens[1]) as bob,
    ):
        result = await called(ann, "read_file", path="a.txt")
        handle = result.text.partition('handle "')[2].partition('"')[0]
        stolen = await called(bob, "result_read", handle=handle, head=1)
        own = await called(ann, "result_read", handle=handle, head=1)
    assert stolen.is_error
    assert "line 0" not in stolen.text
    assert own.text == "line 0"


@pytest.mark.parametrize(
    ("kind", "settings"), [("filesystem", {"cut_results": False}), ("calculator", {})]
)
async def test_nothing_is_cut_where_that_is_not_wanted(
    tmp_path: Path, kind: str, settings: dict[str, Any]
) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    options = {"root": str(tmp_path)} if kind == "filesystem" else {}
    tools = {"one": {"kind": kind, "options": options, **settings}}
    async with served(tools=tools) as server, MCPClient(server.url) as client:
        listed = [tool.name for tool in await client.list_tools(CallContext())]
        if kind == "filesystem":
            assert (await called(client, "read_file", path="a.txt")).text == TEXT
    assert "result_read" not in listed


async def called(client: MCPClient, tool: str, **arguments: Any) -> Any:
    return await client.call_tool(ToolCall(tool, arguments), CallContext())
