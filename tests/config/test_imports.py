"""Servers in hosts' files: every host's form, what is left out, and what is refused."""

import json
import logging
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolyard.config.host_files import MAX_BYTES, MAX_COMMENTED_BYTES
from toolyard.config.hosts import HOSTS, HostEntry, host_config
from toolyard.config.imports import HostServer, fit_name, host_file
from toolyard.config.loading import load
from toolyard.config.references import input_variable
from toolyard.core.errors import ConfigError

URL = "https://tools.example.com/mcp"
SECRET = "s3cret-value"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mcp.json"


def servers(file: Path, text: str | dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables of the servers in a file that holds `text`, without their prefixes."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text if isinstance(text, str) else json.dumps(text))
    return {server.name: table_of(server) for server in host_file(file).servers}


def table_of(server: HostServer) -> dict[str, Any]:
    server.settings()  # it is a table indeed
    table = server.resolved()
    assert table.pop("prefix") == server.name
    return table


def one(file: Path, entry: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    (table,) = servers(file, {"mcpServers": {"mine": entry}, **inputs}).values()
    return table


def refusal(file: Path, text: str | dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as refused:
        servers(file, text)
    said = str(refused.value)
    assert SECRET not in said
    assert str(file.parent) not in said
    return said


PROCESS = {"command": "npx", "args": ["-y", "server"], "env": {"A": "b"}}
STARTED = {"command": ["npx", "-y", "server"], "env": {"A": "b"}}
REMOTE = {"url": URL, "headers": {"Authorization": "Bearer t", "X-Team": "blue"}}
ASKED = {"url": URL, "token": "t", "headers": {"X-Team": "blue"}}
FORMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "claude-code": ({"mcpServers": {"a": {"type": "http", **REMOTE}}}, {"a": ASKED}),
    "claude.json": (
        {"projects": {"/x": {"mcpServers": {}}}, "mcpServers": {"a": {"type": "stdio", **PROCESS}}},
        {"a": STARTED},
    ),
    "claude-desktop": ({"mcpServers": {"a": PROCESS}, "globalShortcut": ""}, {"a": STARTED}),
    "cursor": (
        {"mcpServers": {"a": REMOTE, "b": {**PROCESS, "cwd": "x"}}},
        {"a": ASKED, "b": {**STARTED, "cwd": "x"}},
    ),
    "windsurf": (
        {"mcpServers": {"a": {"serverUrl": URL, "disabledTools": ["x"]}}},
        {"a": {"url": URL, "without": ["x"]}},
    ),
    "gemini": (
        {
            "mcpServers": {
                "a": {
                    "httpUrl": URL,
                    "url": "http://sse",
                    "includeTools": ["x"],
                    "excludeTools": ["y"],
                    "trust": True,
                }
            },
            "theme": "x",
        },
        {"a": {"url": URL, "only": ["x"], "without": ["y"]}},
    ),
    "vscode": ({"servers": {"a": {"type": "stdio", **PROCESS}}, "inputs": []}, {"a": STARTED}),
    "zed": (
        {"theme": "x", "context_servers": {"a": {"source": "custom", **PROCESS}}},
        {"a": STARTED},
    ),
    "zed before": (
        {
            "context_servers": {
                "a": {
                    "command": {"path": "npx", "args": ["-y", "server"], "env": {"A": "b"}},
                    "settings": {},
                }
            }
        },
        {"a": STARTED},
    ),
    "bare": ({"a": PROCESS, "b": {"url": URL}}, {"a": STARTED, "b": {"url": URL}}),
    "none": ({"mcpServers": {}}, {}),
    "comments": (
        '\ufeff// "servers" of mine\n{"servers": {/* "b": {} */ "a": {\n"url": "http://x//y",\n},}}',
        {"a": {"url": "http://x//y"}},
    ),
    "values": (
        {"mcpServers": {"a": {"command": "x", "env": {"N": 3, "T": True, "U": None}}}},
        {"a": {"command": ["x"], "env": {"N": "3", "T": "true"}}},
    ),
    "streamable": (
        {
            "mcpServers": {
                "a": {"type": "streamable-http", "url": URL},
                "b": {"type": "streamableHttp", "url": URL},
                "c": {"type": "stdio", "command": "x", "url": URL},
            }
        },
        {"a": {"url": URL}, "b": {"url": URL}, "c": {"command": ["x"]}},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_each_host_is_read(file: Path, form: str) -> None:
    text, tables = FORMS[form]
    assert servers(file, text) == tables


@pytest.mark.parametrize("own", [{}, {"mcpServers": {"a": {"command": "x"}}}])
def test_of_claude_codes_own_file_the_servers_of_the_project_here_are_read_too(
    file: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, Any]
) -> None:
    monkeypatch.chdir(file.parent)
    here, other = ({"mcpServers": {name: {"command": "y"}}} for name in ("b", "c"))
    whole = {**own, "projects": {str(file.parent): here, "/other": other}}
    assert list(servers(file, whole)) == [*own.get("mcpServers", ()), "b"]
    oddities: list[Any] = [[], {str(file.parent): 3}, {str(file.parent): {"mcpServers": []}}]
    for odd in oddities:
        assert list(servers(file, {**own, "projects": odd})) == [*own.get("mcpServers", ())]


def test_the_answer_to_an_input_is_no_option_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TOOLYARD_INPUT_API_KEY", "x")
    load()
    assert not caplog.messages


def test_references_stand_for_variables(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "value of ${OTHER}")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("TOOLYARD_INPUT_API_KEY", "answer")
    monkeypatch.delenv("UNSET", raising=False)
    project = file.parent / "project"
    project.mkdir()
    env = {
        "${KEY}": "value of ${OTHER}",
        "a ${env:KEY} b ${KEY}": "a value of ${OTHER} b value of ${OTHER}",
        "${UNSET:-fall back}": "fall back",
        "${EMPTY:-fall back}": "fall back",
        "${UNSET:-}": "",
        "${EMPTY}": "",
        "${input:api-key}": "answer",
        "$KEY": "value of ${OTHER}",
        "cost: $KEY": "cost: $KEY",
        "${workspaceFolder}/x": f"{project}/x",
        "${workspaceFolderBasename}": "project",
        "${userHome}": os.path.expanduser("~"),
        "a${/}b${pathSeparator}": f"a{os.sep}b{os.sep}",
        "$$ ${": "$$ ${",
    }
    written = {f"V{number}": text for number, text in enumerate(env)}
    known = {f"V{number}": text for number, text in enumerate(env.values())}
    entry = {"command": "${KEY}", "args": ["${KEY}"], "cwd": "${workspaceFolder}", "env": written}
    for place in (project / "mcp.json", project / ".vscode" / "mcp.json"):
        assert one(place, entry) == {
            "command": ["value of ${OTHER}"] * 2,
            "cwd": str(project),
            "env": known,
        }
    remote = {"url": "${UNSET:-http://x}/${KEY}", "headers": {"X": "${KEY}"}}
    assert one(file, remote) == {
        "url": "http://x/value of ${OTHER}",
        "headers": {"X": "value of ${OTHER}"},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${UNSET}", "Set UNSET in the environment: the server 'mine' in mcp.json refers to it."),
        ("${env:UNSET}", "Set UNSET in the environment: the server 'mine' in mcp.json refers"),
        ("$UNSET", "Set UNSET in the environment: the server 'mine' in mcp.json refers to it."),
        (
            "${input:api-key}",
            "Set TOOLYARD_INPUT_API_KEY in the environment to what the host would ask for as "
            "'api-key': the server 'mine' in mcp.json refers to it.",
        ),
        (f"${{file:/{SECRET}}}", "In the server 'mine' in mcp.json a reference means something to"),
        (
            f"${{A:-${{{SECRET}}}}}",
            "In the server 'mine' in mcp.json a reference is inside another:",
        ),
    ],
)
def test_what_a_reference_lacks_is_named_with_its_server(
    file: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.delenv("UNSET", raising=False)
    entry = {"command": "x", "env": {"A": SECRET, "B": f"{text}"}}
    assert refusal(file, {"mcpServers": {"mine": entry}}).startswith(said)


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (
            {"type": "sse", "url": URL},
            "speaks SSE, and toolyard only speaks its successor, Streamable HTTP, so it is left",
        ),
        ({"command": "x", "disabled": True, "env": {"A": "${UNSET}"}}, "is disabled, so it is"),
        ({"command": "x", "enabled": False}, "is disabled, so it is left out."),
        ({"source": "extension", "settings": {}}, "belongs to an extension of its host, so it is"),
        ({"settings": {"a": 1}}, "belongs to an extension of its host, so it is left out."),
    ],
)
def test_what_cannot_be_served_is_left_out_and_told(
    file: Path, entry: dict[str, Any], note: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(json.dumps({"mcpServers": {"mine": entry, "b": {"command": "x"}}}))
    with caplog.at_level(logging.WARNING, "toolyard.config"):
        settings = load(None, {"mcp_servers": [str(file)]})
    assert list(settings.tools) == ["b"]
    (message,) = caplog.messages
    assert message.startswith(f"The server 'mine' in mcp.json {note}")


def test_keys_without_meaning_here_are_named(file: Path) -> None:
    entry = {"url": URL, "timeout": 3, "autoApprove": ["x"], "oauth": {"x": SECRET}, "odd\n": 1}
    servers(file, {"mcpServers": {"mine": entry}})
    assert host_file(file).notes == [
        "The server 'mine' in mcp.json is imported without 'oauth', 'odd\\n'."
    ]
    servers(file, {"mcpServers": {"mine": {"url": URL, **{f"k{n}" * 99: 1 for n in range(99)}}}})
    (note,) = host_file(file).notes
    assert note.endswith("...' and 89 more.")
    assert len(note) < 700


def test_names_are_made_fit_and_clashes_name_both(file: Path) -> None:
    told = {
        "My server!": "My_server",
        "é": "server",
        "a-b_C": "a-b_C",
        "_x_": "x",
        "a" * 40: "a" * 32,
    }
    assert {name: fit_name(name) for name in told} == told
    entries = {name: {"command": "x"} for name in ("a b", "a.b")}
    assert refusal(file, {"mcpServers": entries}) == (
        "Both the server 'a b' in mcp.json and the server 'a.b' in mcp.json would be called "
        "'a_b': give one of them another name."
    )


def test_a_url_of_another_kind_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", f"unix:///{SECRET}")
    assert refusal(file, {"mcpServers": {"mine": {"url": "${WHERE}"}}}) == (
        "The URL of the server 'mine' in mcp.json has to begin with http:// or https://."
    )


def test_clashes_across_files_and_with_tables_name_both(tmp_path: Path) -> None:
    entry = json.dumps({"mcpServers": {"mine": {"command": "x"}}})
    files = [tmp_path / "a.json", tmp_path / ".cursor" / "mcp.json"]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(entry)
    with pytest.raises(ConfigError, match=r"in a\.json and .* in \.cursor/mcp\.json would be"):
        load(None, {"mcp_servers": list(map(str, files))})
    table = {"tools": {"mine": {"kind": "calculator"}}}
    with pytest.raises(ConfigError, match=r"in a\.json and \[tools\.mine\] have that name"):
        load(None, {"mcp_servers": [str(files[0])], **table})


@given(st.text(max_size=80))
def test_every_name_becomes_fit(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", fit_name(name))
    assert fit_name(fit_name(name)) == fit_name(name)


REFUSED: dict[str, tuple[str, str]] = {
    "empty": ("", "mcp.json, line 1: this is not JSON."),
    "broken": (f'{{"mcpServers": {{\n"a": {SECRET}}}}}', "mcp.json, line 2: this is not JSON."),
    "open": (f'{{"a": "{SECRET}', "mcp.json, line 1: this is not JSON."),
    "lines of comments": (f"/*\n\n*/ {{\n// x\n{SECRET}", "mcp.json, line 5: this is not JSON."),
    "list": ("[]", "mcp.json is not a JSON object, as hosts' files are."),
    "number": ("1" * 5000, "In mcp.json a number is too long."),
    "other": ('{"theme": "x"}', "mcp.json holds no servers: none of mcpServers, servers, context"),
    "ambiguous": ('{"a": {"command": "x"}, "b": {"c": 1}}', "mcp.json holds no servers: none of"),
    "nothing": ("{}", "mcp.json holds no servers: none of"),
    "both": ('{"servers": {}, "mcpServers": {}}', "mcp.json holds both mcpServers and servers"),
    "list of servers": ('{"servers": []}', "What mcp.json holds as its servers is not a JSON"),
    "server": (f'{{"servers": {{"a": "{SECRET}"}}}}', "The server 'a' in mcp.json is not a JSON"),
    "deep": ("[" * 100_000 + "]" * 100_000, "mcp.json is nested too deeply."),
    "deep, commented": ("//\n" + "[" * 9_000 + "]" * 9_000, "mcp.json is nested too deeply."),
    "half a letter": (
        '{"servers": {"a": {"command": "\\ud800"}}}',
        "A server in mcp.json holds half a letter, such as \\ud800 alone.",
    ),
    "large, commented": (
        "//\n" + " " * MAX_COMMENTED_BYTES,
        "mcp.json, line 1: this is not JSON. Comments are read only in files of up to 131072",
    ),
    "comments without end": ("/*" * 60_000, "mcp.json, line 1: this is not JSON."),
    "quotes without end": ('"' + '\\"' * 60_000, "mcp.json, line 1: this is not JSON."),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_hostile_file_is_refused_quickly(file: Path, kind: str) -> None:
    text, said = REFUSED[kind]
    started = time.monotonic()
    assert refusal(file, text).startswith(said)
    assert time.monotonic() - started < 10


def test_a_file_that_is_none_is_refused(file: Path) -> None:
    for make, said in (
        (lambda: None, "The file 'mcp.json' cannot be read; is it there?"),
        (lambda: file.write_bytes(b"\xff"), "The file 'mcp.json' is not UTF-8 text."),
        (lambda: file.write_bytes(b" " * (MAX_BYTES + 1)), "larger than 16777216 bytes."),
        (lambda: (file.unlink(), os.mkfifo(file)), "it is no ordinary file."),
    ):
        make()
        with pytest.raises(ConfigError, match=re.escape(said)):
            host_file(file)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "has to have either a command or a URL, and a type that fits."),
        ({"command": SECRET, "url": URL}, "has to have either a command or a URL, and a type"),
        ({"command": SECRET, "type": "http"}, "has to have either a command or a URL, and a type"),
        ({"url": URL, "type": "stdio"}, "has to have either a command or a URL, and a type"),
        ({"url": URL, "type": SECRET}, "has a type that toolyard does not know"),
        ({"command": ["x", SECRET]}, "command has to be a text."),
        ({"command": ""}, "command has to be a text."),
        ({"command": "x", "args": SECRET}, "args has to be a list of texts."),
        ({"command": "x", "args": [SECRET, 1]}, "args has to be a list of texts."),
        ({"command": "x", "env": [SECRET]}, "env has to be an object of texts."),
        ({"command": "x", "env": {"A": [SECRET]}}, "env has to be an object of texts."),
        ({"url": URL, "headers": SECRET}, "headers has to be an object of texts."),
        ({"url": 1}, "url has to be a text."),
        ({"url": URL, "includeTools": SECRET}, "includeTools has to be a list of texts."),
        ({"command": "x", "envFile": SECRET}, "has an envFile, which toolyard does not read"),
    ],
)
def test_a_server_that_makes_no_sense_is_named_and_nothing_of_it_shown(
    file: Path, entry: dict[str, Any], said: str
) -> None:
    told = refusal(file, {"mcpServers": {"mine": entry}})
    assert told.startswith("The server 'mine' in mcp.json")
    assert said in told


NAMES = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,30}[A-Za-z0-9])?", fullmatch=True)
VARIABLES = st.from_regex(r"[A-Z][A-Z0-9_]{0,10}", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0$"), min_size=1, max_size=20)
ENTRIES = st.one_of(
    st.builds(
        HostEntry,
        NAMES,
        command=st.lists(WORDS.filter(lambda word: not word.startswith("-")), min_size=1),
        env=st.lists(VARIABLES, max_size=3, unique=True),
    ),
    st.builds(
        HostEntry,
        NAMES,
        url=st.sampled_from([URL, "http://127.0.0.1:8080/mcp"]),
        token_env=st.none() | VARIABLES,
    ),
)


@pytest.mark.parametrize("host", [host for host in HOSTS if host != "server.json"])
@given(data=st.data())
def test_what_is_written_for_a_host_is_imported_as_the_same_server(
    host: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        entry = data.draw(ENTRIES)
        config = host_config(host, entry)
    except ConfigError:  # words that look like secrets, or what the host cannot say
        return
    file = tmp_path_factory.getbasetemp() / f"{host}.json"
    file.write_text(config.text())
    names = [*entry.env, *([entry.token_env] if entry.token_env else [])]
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setenv(name, f"value of {name}")
            patch.setenv(input_variable(f"{entry.name}-{name}"), f"value of {name}")
        patch.setenv(input_variable(f"{entry.name}-token"), f"value of {entry.token_env}")
        (server,) = host_file(file).servers
        table = table_of(server)
    assert server.name == entry.name
    assert table.get("url") == entry.url
    assert table.get("command", []) == list(entry.command)
    assert table.get("env", {}) == {name: f"value of {name}" for name in entry.env}
    token = None if entry.token_env is None else f"value of {entry.token_env}"
    assert table.get("token") == token
