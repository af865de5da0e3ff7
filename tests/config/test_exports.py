"""Imported servers as tables: valid TOML, without secrets, and all there once these are set."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolyard.config.exports import OMITTED, Export, export_of, toml_of
from toolyard.config.imports import fit_name, host_file
from toolyard.config.loading import load, settings_in
from toolyard.core.errors import ConfigError
from toolyard.core.printable import printable

URL = "https://tools.example.com/mcp"
SECRET = "s3cret-value-0123456789"


def export(
    folder: Path, servers: Mapping[str, Any], *, with_secrets: bool = False
) -> tuple[Export, str]:
    """What is exported of a file that holds `servers`, and the same as TOML."""
    file = folder / "mcp.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    exported = export_of([host_file(file)], with_secrets=with_secrets)
    text = toml_of(exported)
    assert printable(text) == text
    assert tomllib.loads(text).get("tools", {}) == exported.tools
    return exported, text


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="$"), min_size=1, max_size=12)
PAIRS = st.dictionaries(TEXTS, TEXTS, max_size=3)
PROCESSES = st.fixed_dictionaries(
    {"command": TEXTS, "args": st.lists(TEXTS, max_size=3), "env": PAIRS}
)
REMOTES = st.fixed_dictionaries({"url": TEXTS, "headers": PAIRS, "excludeTools": st.lists(TEXTS)})
SERVERS = st.dictionaries(TEXTS, st.one_of(PROCESSES, REMOTES), max_size=3)


@given(servers=SERVERS, with_secrets=st.booleans())
def test_tables_are_the_same_read_back_from_toml(
    servers: dict[str, Any], with_secrets: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    known = {fit_name(name): entry for name, entry in servers.items()}
    export(tmp_path_factory.getbasetemp(), known, with_secrets=with_secrets)


def test_a_table_and_its_secrets_are_the_whole_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_KEY", f"{SECRET}-far")
    monkeypatch.setenv("PORT", "80")
    servers: dict[str, dict[str, Any]] = {
        "My far": {
            "url": f"{URL}/${{PORT}}",
            "headers": {"authorization": "bearer ${FAR_KEY}", "X-Team": "blue", "X-Key": SECRET},
        },
        "near": {"url": URL, "headers": {"Authorization": f"Bearer {SECRET}"}},
        "files": {
            "command": "npx",
            "args": ["-y", "server", "${PORT}"],
            "env": {"API_KEY": SECRET, "NODE_ENV": "x", "A": "${FAR_KEY}", "PORT": "${PORT}"},
        },
    }
    exported, text = export(tmp_path, servers)
    assert SECRET not in text + json.dumps(exported.written())
    assert exported.tools["My_far"]["token_env"] == "FAR_KEY"
    assert exported.tokens == {"near": "NEAR_TOKEN"}
    assert exported.secrets == {
        "My_far": {"headers": {"X-Key": OMITTED}},
        "files": {"env": {"API_KEY": OMITTED, "A": OMITTED}},
    }
    assert "# Set NEAR_TOKEN in the environment to the token of 'near': it is not" in text
    (line,) = (line for line in text.splitlines() if line.startswith("# {"))

    filled = json.loads(line.removeprefix("# ").replace(OMITTED, SECRET))
    filled["files"]["env"]["A"] = f"{SECRET}-far"
    monkeypatch.setenv("NEAR_TOKEN", SECRET)
    monkeypatch.setenv("TOOLYARD_TOOLS", json.dumps(filled))
    written = settings_in(text).tools
    monkeypatch.delenv("TOOLYARD_TOOLS")
    imported = load(None, {"mcp_servers": [str(tmp_path / "mcp.json")]}).tools
    assert imported["near"].token is not None
    for name, whole in imported.items():
        ignored = {"token", "token_env"}
        assert written[name].model_dump(exclude=ignored) == whole.model_dump(exclude=ignored)


def test_with_secrets_everything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", SECRET)
    exported, text = export(
        tmp_path,
        {
            "a": {"command": "x", "args": ["--token", SECRET], "env": {"API_KEY": "${KEY}"}},
            "b": {"url": URL, "headers": {"Authorization": f"Bearer {SECRET}"}},
            "c": {"url": URL, "headers": {"Authorization": "Bearer ${UNSET}"}},
        },
        with_secrets=True,
    )
    assert exported.tools == {
        "a": {"command": ["x", "--token", SECRET], "env": {"API_KEY": SECRET}, "prefix": "a"},
        "b": {"url": URL, "token": SECRET, "prefix": "b"},
        "c": {"url": URL, "token_env": "UNSET", "prefix": "c"},
    }
    assert not exported.tokens | exported.secrets
    assert "#" not in text


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"command": "x", "args": ["--token", SECRET]}, "the value of --token"),
        ({"command": "x", "args": ["${API_KEY}"]}, "what API_KEY holds"),
        ({"command": "x", "args": ["${input:key}"]}, "what TOOLYARD_INPUT_KEY holds"),
        ({"command": "x", "args": ["--token", "${PLAIN}"]}, "the value of --token"),
        ({"url": f"{URL}?key={SECRET}"}, "credentials in its URL"),
        ({"url": "${PLAIN_URL}"}, "credentials in its URL"),
    ],
)
def test_a_server_is_left_out_where_nothing_can_stand_for_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any], why: str
) -> None:
    monkeypatch.setenv("PLAIN", SECRET)
    monkeypatch.setenv("PLAIN_URL", f"https://ann:{SECRET}@example.com")
    exported, text = export(tmp_path, {"mine": entry, "other": {"command": "x"}})
    assert list(exported.tools) == ["other"]
    assert SECRET not in text
    assert f"# The server 'mine' in mcp.json is left out, as it holds {why}: say " in text


@pytest.mark.parametrize(
    "env",
    [
        {"API_KEY": SECRET},
        {"DATABASE": f"postgres://ann:{SECRET}@example.com/x"},
        {"PLAIN": "${SOME_TOKEN}"},
        {"PLAIN": "${input:plain}"},
        {"HEADER": f"Bearer {SECRET}"},
        {"_TOKEN": SECRET},
    ],
)
def test_what_looks_like_a_secret_is_not_written_and_need_not_be_set(
    tmp_path: Path, env: dict[str, str]
) -> None:
    exported, text = export(tmp_path, {"mine": {"command": "x", "env": {**env, "MODE": "fast"}}})
    assert exported.tools["mine"]["env"] == {"MODE": "fast"}
    assert exported.secrets == {"mine": {"env": dict.fromkeys(env, OMITTED)}}
    assert SECRET not in text


def test_the_variable_of_a_token_is_one_that_nobody_else_has(tmp_path: Path) -> None:
    literal = {"url": URL, "headers": {"Authorization": f"Bearer {SECRET}"}}
    reference = {"command": "x", "env": {"T": "${A_B_TOKEN}"}}
    servers = {"a-b": literal, "a_b": literal, "1": literal, "c": reference}
    exported, _ = export(tmp_path, servers)
    assert exported.tokens == {
        "a-b": "MCP_A_B_TOKEN",
        "a_b": "MCP_MCP_A_B_TOKEN",
        "1": "MCP_1_TOKEN",
    }


def test_names_that_clash_across_files_are_refused(tmp_path: Path) -> None:
    export(tmp_path, {"a": {"command": "x"}})
    file = host_file(tmp_path / "mcp.json")
    with pytest.raises(ConfigError, match="would be called 'a'"):
        export_of([file, file], with_secrets=False)
