"""The servers of hosts' files, served on through a gateway."""

import json
import sys
from pathlib import Path

import anyio
import pytest
from tests.support.process import ROOT

from toolyard.clients.mcp_client import MCPClient
from toolyard.config.loading import load
from toolyard.core.context import CallContext
from toolyard.core.tool import ToolCall
from toolyard.wiring.serving import server_of
from toolyard.wiring.sources import configured

SECRET = "s3cret-of-more-than-32-letters-0123456789"
CONTEXT = CallContext()
GREETER = """
import os
from toolyard import Toolbox
greeter = Toolbox()

@greeter.tool
def greet() -> str:
    "Greet whom the environment names."
    return f"Hello, {os.environ['WHOM']}!"
"""


async def test_a_process_and_a_remote_server_are_listed_and_called_beside_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMOTE_TOKEN", SECRET)
    monkeypatch.setenv("NAME", "Ann")
    (tmp_path / "greeter.py").write_text(GREETER)
    far = load(None, {"tools": {"far": {"kind": "calculator"}}, "port": 0, "token": [SECRET]})
    with anyio.fail_after(40):
        async with server_of(far) as remote:
            process = {
                "command": sys.executable,
                "args": ["-m", "toolyard", "serve", "greeter.py", "--stdio"],
                "cwd": "${workspaceFolder}",
                "env": {"WHOM": "${env:NAME}", "PYTHONPATH": str(ROOT / "src")},
            }
            asked = {"url": remote.url, "headers": {"Authorization": "Bearer ${REMOTE_TOKEN}"}}
            file = tmp_path / ".cursor" / "mcp.json"
            file.parent.mkdir()
            file.write_text(json.dumps({"mcpServers": {"my greeter": process, "far": asked}}))
            tools = {"near": {"kind": "calculator"}}
            settings = load(None, {"tools": tools, "port": 0, "mcp_servers": [str(file)]})
            async with server_of(settings) as gateway, MCPClient(gateway.url) as client:
                listed = [tool.name for tool in await client.list_tools(CONTEXT)]
                assert listed == ["calculator", "my_greeter_greet", "far_calculator"]
                greeted = await client.call_tool(ToolCall("my_greeter_greet"), CONTEXT)
                assert greeted.text == "Hello, Ann!"
                sum_ = ToolCall("far_calculator", {"expression": "6 * 7"})
                assert (await client.call_tool(sum_, CONTEXT)).text == "42"


def test_an_imported_server_is_a_configured_name(tmp_path: Path) -> None:
    file = tmp_path / ".mcp.json"
    file.write_text('{"mcpServers": {"far": {"url": "http://127.0.0.1:1/mcp"}}}')
    assert configured("far", load(None, {"mcp_servers": [str(file)]})).prefix == "far"
