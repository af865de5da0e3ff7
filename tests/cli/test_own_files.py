"""`toolyard tools` and `toolyard call` with a file of the user's own, in the command's process."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.process import Finished, run, running
from tests.support.serving import COMMAND

NOISY = """
import os
import toolyard

@toolyard.tool
def add(a: int, b: int) -> int:
    "Add."
    print("printed by the tool", flush=True)
    print("printed late")
    os.system("echo printed by a process")
    return a + b

print("printed by the file")
os.system("echo printed by its process")
"""
ASYNC = """
import asyncio
import toolyard

async def read() -> int:
    return 1

NUMBER = asyncio.run(read())

@toolyard.tool
def number() -> int:
    "Say a number."
    return NUMBER
"""
ENDLESS = """
import sys
print("begun", file=sys.stderr, flush=True)
while True:
    pass
"""
BLOCKED = """
import sys, threading
import toolyard

@toolyard.tool
def wait() -> int:
    "Wait."
    print("begun", file=sys.stderr, flush=True)
    threading.Event().wait()
    return 0
"""

Own = Callable[..., Path]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Write a file of the user's and the settings that name it `mine`; gives the settings."""

    def own(text: str) -> Path:
        (tmp_path / "mine.py").write_text(text)
        settings = tmp_path / "settings.toml"
        settings.write_text(f"[tools.mine]\nkind = '{tmp_path / 'mine.py'}'")
        return settings

    return own


def toolyard(config: Path, command: str, *words: str) -> Finished:
    return run([COMMAND, command, "mine", *words, "--config", str(config)])


def test_only_the_result_goes_to_standard_output(own: Own) -> None:
    told = toolyard(own(NOISY), "call", "add", "a=1", "b=2", "--json")
    assert json.loads(told.output)["structuredContent"] == {"result": 3}
    assert told.errors.count("printed") == 5
    told = toolyard(own(NOISY), "tools", "--json")
    assert [tool["name"] for tool in json.loads(told.output)] == ["add"]
    assert told.errors.count("printed") == 2
    assert toolyard(own(NOISY), "call", "add", "a=1", "b=2").output == "3\n"


def test_a_file_may_run_an_event_loop_of_its_own(own: Own) -> None:
    assert "number" in toolyard(own(ASYNC), "tools").output
    assert toolyard(own(ASYNC), "call", "number").output == "1\n"


@pytest.mark.parametrize(
    ("text", "words"), [(ENDLESS, ["tools", "mine"]), (BLOCKED, ["call", "mine", "wait"])]
)
def test_one_interrupt_ends_the_command(own: Own, text: str, words: list[str]) -> None:
    command = [COMMAND, *words, "--config", str(own(text))]
    with running(["sh", "-c", 'exec "$@" 2>&1', "sh", *command]) as process:
        process.line("begun")
        process._process.send_signal(signal.SIGINT)
        assert process._process.wait(10) == 130
        process.close()
        assert "Traceback" not in process.output
