"""The page about gateways: its commands are typed, and what it says is compared with the code."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.docs.pages import GATEWAY, README
from tests.docs.shell import PORT, shell
from tests.support.missing import missing

from toolyard.config.host_entries import FILTERS
from toolyard.config.host_files import ADDRESSES, MAX_COMMENTED_BYTES
from toolyard.config.imports import host_file
from toolyard.config.references import input_variable
from toolyard.registry.mount import Mount

SETTINGS, HOSTS_SETTINGS = GATEWAY.blocks("toml")
(HOSTS_FILE,) = GATEWAY.blocks("json")
ROWS = dict(re.findall(r"^\| `(.+?)` \|(.*)\|$", GATEWAY.text, re.MULTILINE))
TOOLS = README.blocks("python")[0]


def test_the_commands_do_what_they_say(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "Install it with the machine's package manager.")
    (tmp_path / "toolyard.toml").write_text(SETTINGS)
    (tmp_path / "my_tools.py").write_text(TOOLS)
    shown: dict[str, str] = {}
    with shell(tmp_path) as typing:
        for command in GATEWAY.commands:
            if command.startswith("toolyard serve"):
                typing.serves(f"{command} --port {PORT}")
            elif command.startswith("toolyard yard"):
                at = f"--server http://127.0.0.1:{PORT}/mcp"
                shown[command.removeprefix("toolyard yard ")] = typing.types(f"{command} {at}")
            else:
                shown[command.rpartition("/")[2]] = typing.types(command)

        mounts = [line.split()[0] for line in shown["list"].splitlines() if line]
        assert shown["list"], shown
        assert mounts == ["Mount", "sums", "notes", "mine", "other"]
        assert "store is ready, with 1 tools." in shown["add store memory prefix=shared"]
        assert shown["swap mine"].strip() == "mine is swapped."
        assert "is disabled; 0 calls go on" in shown["drain store"]
        assert [mount["name"] for mount in json.loads(shown["yard"])["mounts"]] == mounts[1:]
        assert json.loads(shown["add"])["state"] == "ready"
        assert json.loads(shown["remove"]) == {"removed": "store"}

        (tmp_path / "toolyard.toml").write_text(SETTINGS.replace('"other"', '"another"'))
        listing = f"toolyard tools http://127.0.0.1:{PORT}/mcp --json"
        listed = ""
        for _ in range(20):
            if "another_calculator" in (listed := typing.types(listing)):
                break
    names = [tool["name"] for tool in json.loads(listed)]
    assert {"calculator", "add", "another_calculator", "notes_read_file"} <= set(names)
    assert "notes_delete_file" not in names


def test_the_health_of_a_mount_is_told_in_full() -> None:
    told = {name for row in ROWS for name in re.findall(r"\w+", row)}
    keys = {"from", "tools", "hidden", "in_flight", "draining", "restarts", "source"}
    assert keys | set(re.findall(r"\w+", " ".join(_record()))) <= told
    assert Mount.health.__doc__


def _record() -> list[str]:
    from toolyard.registry.record import Record

    return list(Record().told())


def test_what_becomes_of_a_hosts_file_is_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".mcp.json").write_text(HOSTS_FILE)
    monkeypatch.delenv("LANG", raising=False)
    (server,) = host_file(tmp_path / ".mcp.json").servers
    assert f"`my sums` becomes `{server.name}`" in GATEWAY.text
    assert server.settings().env == {"LANG": "C.UTF-8"}
    assert f"files have up to {MAX_COMMENTED_BYTES >> 10} KiB" in GATEWAY.text
    assert input_variable("api-key") in ROWS["${input:api-key}"]
    assert {*ADDRESSES, *FILTERS} <= set(re.findall(r"\w+", GATEWAY.text))
