"""A line more for a file that others add to as well."""

import os
import stat
import sys
from pathlib import Path

import pytest
from tests.support.process import running

from toolyard.cli.appending import appending
from toolyard.core.errors import ConfigError

ADD = """
import sys
from pathlib import Path
from toolyard.cli.appending import appending

print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    with appending(Path(sys.argv[1])) as add:
        add(sys.argv[2] * 200)
print("done", flush=True)
"""


def test_two_processes_lose_no_line(tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    command = [sys.executable, "-c", ADD, str(file)]
    with running([*command, "a"]) as one, running([*command, "b"]) as other:
        for process in (one, other):
            process.line("ready")
        for process in (one, other):
            process.send("go")
        for process in (one, other):
            process.line("done")
    assert sorted(file.read_text().splitlines()) == ["a" * 200] * 50 + ["b" * 200] * 50
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("before", [b"", b"# mine\n", b"# no newline", b"\n", b"\xff"])
def test_a_line_stands_alone_whatever_is_before_it(tmp_path: Path, before: bytes) -> None:
    file = tmp_path / "tokens.jsonl"
    file.write_bytes(before)
    with appending(file) as add:
        add("one")
        add("two")
    assert file.read_bytes().startswith(before)
    assert file.read_bytes().splitlines()[-2:] == [b"one", b"two"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "missing", "name"])
def test_what_is_no_ordinary_file_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "tokens.jsonl"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "device":
        file.symlink_to("/dev/full")
    else:
        file = file / ("x" if kind == "missing" else "x\x00")
    with pytest.raises(ConfigError, match="cannot be written"), appending(file):
        pass
