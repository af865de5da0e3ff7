"""From a table, or a TARGET, to a source of tools."""

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.process import ROOT

from toolyard.builtin_tools.calculator import Calculator
from toolyard.clients.mcp_client import MCPClient
from toolyard.clients.targets import HttpServer, StdioServer
from toolyard.config.loading import load
from toolyard.config.settings import ToolSettings
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.wiring.sources import source_of, target_of

URL = "http://127.0.0.1:8080/mcp"


def source(given: str | None = None, /, **table: Any) -> ToolProtocol:
    return source_of("mine", ToolSettings.model_validate(table), given)


def server_behind(source: ToolProtocol) -> Any:
    assert isinstance(source, MCPClient)
    return source._target


def test_a_kind_is_made() -> None:
    assert isinstance(source(kind="calculator"), Calculator)


def test_a_url_is_a_remote_server_with_its_token_and_headers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behind = server_behind(source(url=URL, token="s3cret", headers={"X-Team": "blue"}))
    assert isinstance(behind, HttpServer)
    assert (behind.url, behind.token, behind.headers) == (URL, "s3cret", {"X-Team": "blue"})
    monkeypatch.setenv("MINE_TOKEN", "from there")
    assert server_behind(source(url=URL, token_env="MINE_TOKEN")).token == "from there"


def test_a_configured_server_keeps_its_own_token() -> None:
    """What is meant for one server is not shown to another."""
    assert server_behind(source("given", url=URL, token="own")).token == "own"
    assert server_behind(source("given", url=URL, headers={"Authorization": "x"})).token is None
    assert server_behind(source("given", url=URL)).token == "given"


async def test_a_command_is_started_with_its_environment_where_it_says(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(
        "import os\nfrom toolyard import Toolbox\nt = Toolbox()\n"
        "@t.tool\ndef where() -> str:\n    'Where it is.'\n"
        "    return os.environ['COLOUR'] + os.getcwd()\n"
    )
    command = [sys.executable, "-m", "toolyard", "serve", "server.py", "--stdio"]
    env = {"COLOUR": "blue", "PYTHONPATH": str(ROOT / "src")}
    async with source(command=command, env=env, cwd=tmp_path) as started:
        result = await started.call_tool(ToolCall("where"), CallContext())
    assert result.text == f"blue{tmp_path}"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"kind": "nothing"},
            "there are bash, calculator, filesystem, http, image, memory, openapi, or path",
        ),
        (
            {"kind": "calculator", "options": {"depth": 3}},
            "does not take the options depth; it has",
        ),
        ({"kind": "filesystem"}, "'filesystem' needs the option 'root'"),
        (
            {"kind": "filesystem", "options": {"root": "/no/such/place"}},
            "There is no directory '/no/such/place'",
        ),
        (
            {"kind": "mine.py", "options": {"x": 1}},
            "'mine' is a file of yours; it takes no options",
        ),
        ({"kind": "mine.py"}, "There is no file 'mine.py'"),
        (
            {"url": URL, "token_env": "NOT_SET"},
            "Set NOT_SET in the environment to the token of 'mine'",
        ),
        ({"url": "ftp://x"}, "begins with http:// or https://"),
        ({"url": "http://user:s3cret@x/mcp"}, "never in the URL"),
        ({"url": URL, "token": "s3cret\n"}, "visible ASCII"),
        ({"command": []}, "needs a command"),
    ],
)
def test_a_table_that_makes_no_source_is_a_sentence(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        source(**table)
    assert "s3cret" not in str(refused.value)


def test_a_target_is_a_url_a_command_or_a_name(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(f'[tools.there]\nurl = "{URL}"\n[tools.sums]\nkind = "calculator"')
    assert server_behind(target_of(URL, None, "s3cret")).token == "s3cret"
    command = server_behind(target_of("stdio:run 'a b'", None, "s3cret"))
    assert isinstance(command, StdioServer)
    assert command.command == ["run", "a b"]
    assert server_behind(target_of("there", load(file), None)).url == URL
    assert isinstance(target_of("sums", load(file), None), Calculator)


def test_a_name_that_is_not_configured_is_told_which_are(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text('[tools.sums]\nkind = "calculator"')
    with pytest.raises(
        ConfigError, match=r"^'sum' is not a URL, not stdio:COMMAND, and not configured\.$"
    ):
        target_of("sum", None, None)
    with pytest.raises(ConfigError, match="The configured ones are: sums"):
        target_of("sum", load(file), None)
