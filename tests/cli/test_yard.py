"""`toolyard yard`, against a server that runs."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.process import free_port, run, running
from tests.support.serving import COMMAND

from toolyard.cli.yard import table_in
from toolyard.core.errors import ConfigError

TOKEN, USER = "admin-" + "a" * 40, "user-" + "u" * 40
FILE = '''
from toolyard import tool

@tool
def version() -> int:
    """Tell the version."""
    return {version}
'''


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A server that can be changed; tests leave it as it was."""
    directory, port = tmp_path_factory.mktemp("yard"), free_port()
    tokens = json.dumps([{"secret": TOKEN, "scopes": ["*", "admin"]}, {"secret": USER}])
    command = [COMMAND, "serve", "calculator", "--control", "--port", str(port)]
    with running(command, directory=directory, environment={"TOOLYARD_TOKENS": tokens}) as process:
        process.answers(f"http://127.0.0.1:{port}/readyz")
        yield f"http://127.0.0.1:{port}/mcp"


def test_a_mount_is_added_shown_swapped_and_removed(
    toolyard: Toolyard, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLYARD_TOKEN", TOKEN)
    at = ("--server", server)
    file = tmp_path / "mine.py"
    file.write_text(FILE.format(version=1))

    added = toolyard("yard", "add", "mine", str(file), "prefix=my", *at)
    assert (added.code, added.output) == (0, "mine is ready, with 1 tools.\n"), added
    listed = toolyard("yard", "list", *at)
    assert listed.output.splitlines()[1].split() == ["calculator", "calculator", "ready", "1"]
    called = toolyard("call", server, "my_version")
    assert called.output == "1\n"

    file.write_text(FILE.format(version=2))
    assert toolyard("yard", "swap", "mine", *at).output == "mine is swapped.\n"
    assert toolyard("call", server, "my_version").output == "2\n"
    swapped = toolyard("yard", "swap", "mine", "prefix=our", *at)
    assert "added: our_version\nremoved: my_version\n" in swapped.output
    refused = toolyard("yard", "swap", "mine", "prefix=x", "--compatible", *at)
    assert (refused.code, "is gone" in refused.errors) == (1, True)

    assert "disabled" in toolyard("yard", "disable", "mine", *at).output
    assert "is disabled; 0 calls go on" in toolyard("yard", "drain", "mine", *at).output
    assert "ready, with 1" in toolyard("yard", "enable", "mine", *at).output
    health = json.loads(toolyard("yard", "health", "mine", "--json", *at).output)["mounts"]["mine"]
    assert (health["calls"], health["swaps"], health["state"]) == (2, 2, "ready")
    assert "mine" in toolyard("yard", "health", *at).output
    assert toolyard("yard", "remove", "mine", *at).output == "mine is removed.\n"
    told = json.loads(toolyard("yard", "list", "--json", *at).output)
    assert [mount["name"] for mount in told["mounts"]] == ["calculator"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("remove", "gone"), 1, "Unknown mount: 'gone'"),
        (("add", "x", "abacus"), 1, "There is no kind 'abacus'"),
        (("add", "x", "memory", "colour=red"), 2, "the keys are kind, url, command"),
        (("add", "x", "memory", "red"), 2, "'red' is not KEY=VALUE"),
        (("add", "x", "stdio:"), 2, "After stdio: comes a command"),
        (("list", "--token", USER), 3, "the token needs the scope admin"),
        (("list", "--server", "http://127.0.0.1:1/mcp"), 4, "Cannot reach"),
        (("list", "--server", "nowhere"), 2, "is not a URL"),
    ],
)
def test_what_cannot_be_done_is_said(
    toolyard: Toolyard, server: str, words: tuple[str, ...], code: int, said: str
) -> None:
    at = () if "--server" in words else ("--server", server)
    token = () if "--token" in words else ("--token", TOKEN)
    told = toolyard("yard", *words, *at, *token)
    assert (told.code, said in told.errors) == (code, True), told


TEXT, LIST, FLAG, ANY = ({"type": kind} for kind in ("string", "array", "boolean", "object"))
OPTIONS = {
    **dict.fromkeys(("kind", "url", "prefix"), TEXT),
    **dict.fromkeys(("command", "only"), LIST),
    **dict.fromkeys(("options", "headers"), ANY),
    "enabled": FLAG,
    "time_limit_s": {"type": "number"},
}


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (["memory"], {"kind": "memory"}),
        (["a/b.py:c", "prefix=5"], {"kind": "a/b.py:c", "prefix": "5"}),
        (["http://x/mcp?a=b"], {"url": "http://x/mcp?a=b"}),
        (["stdio:run --x=y 'a b'"], {"command": ["run", "--x=y", "a b"]}),
        (["only=a*, b", "enabled=false"], {"only": ["a*", "b"], "enabled": False}),
        (['only=["a,b"]', "time_limit_s=2"], {"only": ["a,b"], "time_limit_s": 2}),
        (["options.root=notes", "options.n=5"], {"options": {"root": "notes", "n": 5}}),
        (["m.py", "headers.X-Key=a=b"], {"kind": "m.py", "headers": {"X-Key": "a=b"}}),
        (['options={"a": {}}'], {"options": {"a": {}}}),
    ],
)
def test_words_say_a_table(words: list[str], table: dict[str, object]) -> None:
    assert table_in(words, OPTIONS) == table


def test_a_word_too_many_is_refused() -> None:
    with pytest.raises(ConfigError):
        table_in(["memory", "http://x/mcp"], OPTIONS)


def test_a_new_token_of_a_controlled_server_may_change_it(tmp_path: Path) -> None:
    port = free_port()
    command = [COMMAND, "serve", "calculator", "--control", "--new-token", "--json"]
    with running([*command, "--port", str(port)], directory=tmp_path) as process:
        started = json.loads(process.line('"token"'))
        at = ("--server", started["url"], "--token", started["token"])
        listed = run([COMMAND, "yard", "list", *at])
    assert (listed.code, "calculator" in listed.output) == (0, True), listed
