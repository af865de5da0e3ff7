"""`toolyard import`: what it prints can be served, and holds no secret unless asked to."""

import json
import tomllib
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.process import run
from tests.support.serving import COMMAND, over_stdio

SECRET = "s3cret-value"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's file, in the directory in which the test is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    command, *args = over_stdio("calculator")
    entry = {"command": command, "args": args, "env": {"API_KEY": SECRET}, "oauth": {}}
    file = tmp_path / ".mcp.json"
    file.write_text(json.dumps({"mcpServers": {"my sums": entry}}))
    return file


def test_its_tables_can_be_used(toolyard: Toolyard, file: Path) -> None:
    told = toolyard("import", ".mcp.json")
    assert told.code == 0
    assert told.errors == "Servers written from .mcp.json: 1.\n"
    assert SECRET not in told.output
    (file.parent / "t.toml").write_text(told.output)
    called = toolyard("call", "my_sums", "calculator", "expression=6*7", "--config", "t.toml")
    assert (called.code, called.output) == (0, "42\n")


def test_a_host_is_looked_for_and_json_says_what_is_missing(toolyard: Toolyard, file: Path) -> None:
    told = json.loads(toolyard("import", "claude-code", "--json").output)
    assert told["tools"]["my_sums"]["prefix"] == "my_sums"
    assert told["tokens"] == {}
    assert told["secrets"] == {"my_sums": {"env": {"API_KEY": "..."}}}
    assert told["notes"] == ["The server 'my sums' in .mcp.json is imported without 'oauth'."]


def test_secrets_are_written_on_demand(toolyard: Toolyard, file: Path) -> None:
    file.write_text(file.read_text().replace(SECRET, "shown on demand"))
    told = toolyard("import", str(file), "--with-secrets")
    assert tomllib.loads(told.output)["tools"]["my_sums"]["env"] == {"API_KEY": "shown on demand"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.json"], "The file 'nothing.json' cannot be read; is it there?"),
        (["cursor"], "No file of cursor is in its usual place: name the file instead."),
        ([".mcp.json", ".mcp.json"], "would be called 'my_sums': give one of them another name."),
    ],
)
def test_what_cannot_be_imported_is_said(
    toolyard: Toolyard, file: Path, words: list[str], said: str
) -> None:
    told = toolyard("import", *words)
    assert (told.code, told.output) == (2, "")
    assert said in told.errors
    assert str(file.parent) not in told.errors


def test_the_servers_of_a_file_are_served_over_stdio_too(file: Path) -> None:
    served = f"stdio:'{COMMAND}' serve --mcp-servers .mcp.json --stdio"
    words = [COMMAND, "call", served, "my_sums_calculator", "expression=6*7"]
    called = run(words, directory=file.parent)
    assert (called.code, called.output) == (0, "42\n"), called
    assert "is imported without 'oauth'" in called.errors
    assert SECRET not in called.errors
