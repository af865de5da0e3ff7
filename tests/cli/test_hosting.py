"""`toolyard host-config`: what it prints can be pasted and holds no secret."""

import json
import sys
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.node import require_node
from tests.support.process import run
from tests.support.serving import Served

from toolyard.config.hosts import HOSTS

URL = "http://127.0.0.1:8080/mcp"
STDIO = "stdio:toolyard serve calculator --stdio"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("target", [URL, STDIO])
def test_every_host_gets_its_block(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch, host: str, target: str
) -> None:
    monkeypatch.setenv("TOOLYARD_TOKEN", "a-secret-of-the-environment")
    told = toolyard("host-config", host, target, "--name", "mine")
    if (host, target) in [("claude-desktop", URL), ("server.json", STDIO)]:
        assert (told.code, told.output) == (2, "")
        assert "give" in told.errors
        return
    assert told.code == 0
    assert "mine" in json.dumps(json.loads(told.output))
    assert "Goes into " in told.errors
    assert "a-secret" not in told.output + told.errors


def test_a_server_without_a_token_is_asked_for_none(toolyard: Toolyard) -> None:
    for host in ("claude-code", "cursor", "vscode", "server.json"):
        told = toolyard("host-config", host, URL, "--no-token")
        assert "oken" not in told.output + told.errors


def test_the_variable_of_the_token_can_be_chosen(toolyard: Toolyard) -> None:
    told = toolyard("host-config", "claude-code", URL, "--token-env", "SUMS_TOKEN")
    assert "Bearer ${SUMS_TOKEN}" in told.output
    assert "'Authorization: Bearer ${SUMS_TOKEN}'" in told.errors


def test_the_registry_is_told_what_the_server_is(toolyard: Toolyard) -> None:
    told = toolyard("host-config", "server.json", URL)
    about = json.loads(told.output)
    assert (about["description"], about["version"]) == ("Tools served by toolyard.", "0.1.0")
    words = ["--description", "Sums of all kinds.", "--version", "1.4.2"]
    about = json.loads(toolyard("host-config", "server.json", URL, *words).output)
    assert (about["description"], about["version"]) == ("Sums of all kinds.", "1.4.2")


def test_a_command_gets_its_variables_by_reference(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "a-secret-of-the-environment")
    words = ["stdio:npx -y server", "--env", "API_KEY", "--env", "ORG"]
    told = toolyard("host-config", "claude-code", *words)
    env = json.loads(told.output)["mcpServers"]["toolyard"]["env"]
    assert env == {"API_KEY": "${API_KEY}", "ORG": "${ORG}"}
    assert "--env 'API_KEY=${API_KEY}' --env 'ORG=${ORG}' --scope" in told.errors
    assert "a-secret" not in told.output + told.errors


def test_a_host_finds_the_interpreter_and_the_file_wherever_it_starts_them(
    toolyard: Toolyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my tools.py").touch()
    target = "stdio:toolyard serve 'my tools.py:tools' calculator other.py --stdio"
    told = toolyard("host-config", "claude-desktop", target)
    server = json.loads(told.output)["mcpServers"]["toolyard"]
    file = f"{tmp_path}/my tools.py:tools"
    assert server["command"] == sys.executable
    assert server["args"] == ["-m", "toolyard", "serve", file, "calculator", "other.py", "--stdio"]


def test_another_program_is_found_on_the_path(
    toolyard: Toolyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "bin" / "serve-it"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", "bin")
    told = toolyard("host-config", "cursor", "stdio:serve-it --now")
    server = json.loads(told.output)["mcpServers"]["toolyard"]
    assert server == {"command": str(program), "args": ["--now"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["emacs", URL], "no host 'emacs'; there are claude-code"),
        (["cursor", "calculator"], "http(s)://HOST/PATH"),
        (["cursor", "stdio:"], "After stdio: comes a command"),
        (["cursor", "stdio:'"], "never closed"),
        (["cursor", URL, "--name", "my tools"], "1 to 32 letters"),
        (["cursor", "http://user:hidden@x/mcp"], "no credentials"),
        (["cursor", URL, "--token-env", "ty_hidden"], "never the token itself"),
        (["cursor", f"{STDIO} --token hidden"], "hold a secret: the value of --token"),
        (["cursor", "stdio:env API_KEY=hidden x"], "hold a secret: the value of API_KEY"),
        (["cursor", "stdio:x -H 'Authorization: Bearer hidden'"], "the value of Authorization"),
        (["cursor", STDIO, "--env", "API_KEY=hidden"], "never its value"),
        (["cursor", URL, "--env", "API_KEY"], "what a URL asks for is --token-env"),
        (["cursor", URL, "--version", "1.2.3"], "--version: only server.json says that"),
        (["cursor", URL, "--version", "1.0.0", "--description", "x"], "--description and --vers"),
        (["server.json", URL, "--version", "latest"], "such as 1.0.2"),
        (["claude-desktop", STDIO, "--env", "API_KEY"], "give it a script of yours"),
    ],
)
def test_what_no_host_could_use_ends_with_2(
    toolyard: Toolyard, words: list[str], said: str
) -> None:
    told = toolyard("host-config", *words)
    assert (told.code, told.output) == (2, "")
    assert said in told.errors
    assert "hidden" not in told.errors


@pytest.mark.node
@pytest.mark.parametrize(
    ("host", "way"),
    [
        ("claude-code", "url"),
        ("claude-code", "stdio"),
        ("claude-desktop", "stdio"),
        ("cursor", "stdio"),  # at a URL, the Inspector asks for a type, which Cursor does not
    ],
)
def test_the_inspector_finds_the_server_with_the_block(
    toolyard: Toolyard, calculator: Served, tmp_path: Path, host: str, way: str
) -> None:
    node = require_node()
    told = toolyard(
        "host-config", host, calculator.url if way == "url" else STDIO, "--name", "mine"
    )
    config = tmp_path / "mcp.json"
    config.write_text(told.output.replace("${TOOLYARD_TOKEN}", calculator.token))  # as hosts do
    listing = ["--method", "tools/list", "--protocol-era", "auto", "--format", "json", "-q"]
    found = run(
        node.inspector("--config", str(config), "--server", "mine", *listing),
        environment={"MCP_STORAGE_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert found.code == 0, found
    assert [tool["name"] for tool in json.loads(found.output)["result"]["tools"]] == ["calculator"]
