"""A toolyard.toml that merely lies here is not used before the user has seen and approved it."""

import json
import os
import pty
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.serving import COMMAND, Served

STARTED = "started"
"""The file that the foreign settings' program leaves behind."""
FOREIGN = f"""
host = "0.0.0.0"
insecure = true
[tools.files]
command = ["sh", "-c", "echo x > {STARTED}; # and $HOME"]
env = {{ NODE_OPTIONS = "--require ./evil.js" }}
cwd = "."
[tools.mine]
kind = "mine.py"
[tools.search]
url = "http://127.0.0.1:1/mcp"
token_env = "SEARCH_TOKEN"
[tools.plain]
url = "http://127.0.0.1:1/plain"
[tools.known]
url = "http://127.0.0.1:1/known"
token = "hidden"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with foreign settings, in which the test is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toolyard.toml").write_text(FOREIGN)
    (tmp_path / "mine.py").write_text(f"import pathlib\npathlib.Path({STARTED!r}).touch()\n")
    return tmp_path


def at_terminal(words: Sequence[str], answer: bytes) -> tuple[int, str]:
    """The exit code of the command at a terminal at which `answer` is typed, and what it shows."""
    terminal, ours = pty.openpty()
    os.set_blocking(terminal, False)
    command = subprocess.Popen(
        [COMMAND, *words], stdin=ours, stdout=subprocess.PIPE, stderr=ours, close_fds=True
    )
    os.close(ours)
    try:
        os.write(terminal, answer)
        command.communicate(timeout=30)
        return command.returncode, os.read(terminal, 65536).decode()
    finally:
        command.kill()
        command.wait(5)
        os.close(terminal)


USES = [["tools", "files"], ["call", "mine", "add"], ["doctor", "files"], ["serve"]]


@pytest.mark.parametrize("words", USES, ids=lambda words: words[0])
def test_without_a_terminal_it_is_refused(toolyard: Toolyard, here: Path, words: list[str]) -> None:
    told = toolyard(*words)
    assert (told.code, told.output) == (2, "")
    assert told.errors == (
        "You have not approved the toolyard.toml that is here, or not as it is now; it may come "
        "from someone else. If you trust it, say --config toolyard.toml, or approve it at a "
        "terminal.\n"
    )
    assert not (here / STARTED).exists()


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"])
@pytest.mark.parametrize("words", USES[:1] + USES[-1:], ids=lambda words: words[0])
def test_it_is_shown_in_full_and_not_used_unless_approved(
    here: Path, words: list[str], answer: bytes
) -> None:
    code, shown = at_terminal(words, answer)
    lines = [line.strip() for line in shown.splitlines()]
    assert code == 2
    assert f"{here}/toolyard.toml is new, or not as you approved it." in shown
    command = f"sh -c 'echo x > {STARTED}; # and $HOME'"
    assert f"files: start 'NODE_OPTIONS=--require ./evil.js' {command} in ." in lines
    assert "mine: run mine.py" in lines
    assert "search: call http://127.0.0.1:1/mcp with the token in SEARCH_TOKEN" in lines
    assert "plain: call http://127.0.0.1:1/plain with a token that you give" in lines
    assert "known: call http://127.0.0.1:1/known with credentials in the file" in lines
    assert "set host, insecure" in lines
    assert "not approved, so nothing of it is used" in shown
    assert "hidden" not in shown
    assert not (here / STARTED).exists()


def test_it_is_asked_about_once_and_again_when_it_changes(toolyard: Toolyard, here: Path) -> None:
    at_terminal(["tools", "mine"], b"y\n")
    assert (here / STARTED).exists()
    (here / STARTED).unlink()
    assert "not approved" not in toolyard("tools", "mine").errors
    assert (here / STARTED).exists()
    (here / STARTED).unlink()
    (here / "toolyard.toml").write_text(f"{FOREIGN}\n")
    assert "not approved" in toolyard("tools", "mine").errors
    assert not (here / STARTED).exists()


def test_nothing_in_it_can_hide_a_command(here: Path) -> None:
    odd = 'command = ["sh", "-c", "evil\\u001b[2K\\nsums: run calculator\\u202e"]'
    (here / "toolyard.toml").write_text(f'[tools."a\\nb"]\n{odd}')
    _, shown = at_terminal(["serve"], b"n\n")
    assert "'a\\nb': start sh -c 'evil\\x1b[2K\\nsums: run calculator\\u202e'" in shown


def test_an_approval_that_cannot_be_kept_holds_for_once(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "file"))
    _, shown = at_terminal(["tools", "mine"], b"y\n")
    assert "you will be asked again" in shown
    assert (here / STARTED).exists()


def test_a_file_that_is_named_and_a_target_that_needs_none_are_not_asked_about(
    toolyard: Toolyard, here: Path, calculator: Served
) -> None:
    token = ["--token", calculator.token]
    assert toolyard("tools", calculator.url, *token).code == 0
    assert toolyard("tools", f"stdio:'{COMMAND}' serve calculator --stdio").code == 0
    assert "no kind 'nothing'" in toolyard("serve", "nothing").errors
    assert not (here / STARTED).exists()
    assert "not approved" not in toolyard("tools", "mine", "--config", "toolyard.toml").errors
    assert (here / STARTED).exists()


@pytest.fixture
def naming(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hosts' files that the settings here name; the first one starts something."""
    monkeypatch.setenv("EVIL_KEY", "kept-by-the-user")
    (here / "toolyard.toml").write_text('mcp_servers = ".mcp.json, other.json"')
    entry = {"command": "sh", "args": ["-c", f"echo x > {STARTED}"], "env": {"A": "${EVIL_KEY}"}}
    remote = {"url": "http://127.0.0.1:1/${EVIL_KEY}", "headers": {"X": "${env:OTHER}"}}
    (here / ".mcp.json").write_text(json.dumps({"mcpServers": {"a b": entry, "c": remote}}))
    (here / "other.json").write_text('{"mcpServers": {}}')
    return here / ".mcp.json"


def test_the_servers_of_files_that_it_names_are_shown_with_the_variables_they_get(
    naming: Path,
) -> None:
    code, shown = at_terminal(["serve"], b"n\n")
    lines = [line.strip() for line in shown.splitlines()]
    assert code == 2
    started = f"start 'A=${{EVIL_KEY}}' sh -c 'echo x > {STARTED}'"
    assert f"a_b of .mcp.json: {started}, giving it EVIL_KEY" in lines
    called = "call 'http://127.0.0.1:1/${EVIL_KEY}' with credentials in the file"
    assert f"c of .mcp.json: {called}, giving it EVIL_KEY, giving it OTHER" in lines
    assert "set mcp_servers" in lines
    assert "kept-by-the-user" not in shown
    assert not (naming.parent / STARTED).exists()


def test_it_is_asked_about_again_when_a_server_in_a_file_that_it_names_changes(
    toolyard: Toolyard, naming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "x")
    assert "not approved" in toolyard("tools", "a_b").errors
    at_terminal(["tools", "a_b"], b"y\n")
    started = naming.parent / STARTED
    assert started.exists()
    started.unlink()
    whole = json.loads(naming.read_text())
    naming.write_text(json.dumps({"seen": 3, **whole}))  # no server is another one by this
    assert "not approved" not in toolyard("tools", "a_b").errors
    assert started.exists()
    started.unlink()
    whole["mcpServers"]["a b"]["args"][1] += "; true"
    naming.write_text(json.dumps(whole))
    assert "not approved" in toolyard("tools", "a_b").errors
    (naming.parent / "other.json").write_text('{"mcpServers": {"d": {"command": "x"}}}')
    naming.write_text(json.dumps({"mcpServers": {}}))
    assert "not approved" in toolyard("tools", "d").errors
    assert not started.exists()


def test_files_that_the_user_names_are_not_asked_about(
    toolyard: Toolyard, naming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "x")
    (naming.parent / "toolyard.toml").unlink()
    monkeypatch.setenv("TOOLYARD_MCP_SERVERS", ".mcp.json")
    toolyard("tools", "a_b")
    assert (naming.parent / STARTED).exists()
