"""The command as a whole: help, exit codes, errors."""

import os
import re
import resource
import shlex
import sys
from collections.abc import Sequence
from typing import Any

import pytest
import typer
from tests.cli.command import Toolyard
from tests.support.process import run
from tests.support.serving import COMMAND

from toolyard.cli import (
    asking,
    calling,
    chatting,
    diagnosis,
    hosting,
    importing,
    model_list,
    runs,
    serving,
    team,
    thoughts,
    tokens,
    yard,
)
from toolyard.cli.app import app_for
from toolyard.cli.main import exit_code
from toolyard.core.errors import (
    CallTimeout,
    ConfigError,
    InvalidTool,
    NameClash,
    NotAdmitted,
    RemoteFault,
    StoreUnavailable,
    ToolError,
    ToolyardError,
    UnknownName,
    Unreachable,
)
from toolyard.version import __version__

COMMANDS = [
    "serve",
    "tools",
    "call",
    "ask",
    "batch",
    "chat",
    "models",
    "doctor",
    "host-config",
    "import",
    "yard",
    "team",
    "runs",
    "thoughts",
    "token",
]
EPILOGS = {
    "serve": serving.EXAMPLES,
    "tools": calling.TOOLS_EXAMPLES,
    "call": calling.CALL_EXAMPLES,
    "ask": asking.ASK_EXAMPLES,
    "batch": asking.BATCH_EXAMPLES,
    "chat": chatting.EXAMPLES,
    "models": model_list.EXAMPLES,
    "doctor": diagnosis.EXAMPLES,
    "host-config": hosting.EXAMPLES,
    "import": importing.EXAMPLES,
    **{f"yard {name}": lines for name, lines in yard.EXAMPLES.items()},
    **{f"team {name}": lines for name, lines in team.EXAMPLES.items()},
    **{f"runs {name}": lines for name, lines in runs.EXAMPLES.items()},
    **{f"thoughts {name}": lines for name, lines in thoughts.EXAMPLES.items()},
    "token new": tokens.EXAMPLES,
}


def examples_of(command: str) -> Sequence[str]:
    return EPILOGS[command].splitlines()[2:]


def test_help_lists_the_commands_in_the_order_in_which_they_are_needed(toolyard: Toolyard) -> None:
    told = toolyard("--help")
    assert told.code == 0
    assert re.findall(r"^│ ([a-z][a-z-]*) ", told.output, re.MULTILINE) == COMMANDS
    assert "Exit codes: 0 done" in told.output
    assert told.errors == ""


@pytest.mark.parametrize("command", EPILOGS)
def test_help_shows_each_example_on_a_line_of_80_columns(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = toolyard(*command.split(), "--help")
    lines = [line.strip() for line in told.output.splitlines()]
    assert told.code == 0
    for example in examples_of(command):
        assert example.replace("\\[", "[") in lines
    assert examples_of(command)
    assert "[bold]" not in told.output


@pytest.mark.parametrize("command", ["", "runs", "team", "thoughts", "token", "yard", *EPILOGS])
@pytest.mark.parametrize("columns", ["40", "80"])
def test_help_shows_no_type_of_python(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch, command: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    told = toolyard(*command.split(), "--help")
    assert not re.search(r"<\w|list\[|<=|\\\\|None", told.output)
    assert max(map(len, told.output.splitlines())) <= int(columns)


@pytest.mark.parametrize(
    "example", [example for command in EPILOGS for example in examples_of(command)]
)
def test_each_example_is_a_command_line_that_is_understood(example: str) -> None:
    words = shlex.split(re.split(" [<>] ", example)[0])
    assert words[0] == "toolyard"
    command: Any = typer.main.get_command(app_for([]))
    while (words := words[1:]) and words[0] in getattr(command, "commands", ()):
        command = command.commands[words[0]]
    with command.make_context("toolyard", list(words)):  # raises a usage error if it is none
        pass


@pytest.mark.parametrize("words", [["--version"], ["-m", "--version"]])
def test_it_says_its_version(words: list[str]) -> None:
    command = [sys.executable, "-m", "toolyard"] if words[0] == "-m" else [COMMAND]
    told = run([*command, "--version"])
    assert (told.code, told.output, told.errors) == (0, f"toolyard {__version__}\n", "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (InvalidTool("x"), 2),
        (NameClash("x"), 2),
        (NotAdmitted("x"), 3),
        (Unreachable("x"), 4),
        (StoreUnavailable("x"), 4),
        (ToolError("x"), 1),
        (RemoteFault(-32602, "x"), 1),
        (UnknownName("tool", "x"), 1),
        (CallTimeout("x", 1), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: ToolyardError, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nothing"],
        ["token"],
        ["tools"],
        ["call", "http://x"],
        ["doctor", "http://x", "--timeout", "0"],
        ["doctor", "http://x", "--timeout", "601"],
        ["doctor", "http://x", "--timeout", "nan"],
        ["doctor", "http://x", "--timeout", "soon"],
        ["serve", "--port", "many"],
        ["serve", "--no-such-option"],
        ["host-config"],
        ["token", "new", "--name"],
    ],
)
def test_wrong_usage_ends_with_2(toolyard: Toolyard, words: list[str]) -> None:
    told = toolyard(*words)
    assert told.code == 2
    assert "Traceback" not in told.errors


LOADED = """
import sys
from toolyard.cli.main import main
try:
    main()
except SystemExit:
    pass
print(*{name.split(".")[0] for name in sys.modules}, file=sys.stderr)
"""
HEAVY = {
    "cryptography",
    "jsonschema_rs",
    "referencing",
    "mcp",
    "mcp_types",
    "starlette",
    "uvicorn",
    "httpx2",
    "pydantic_settings",
}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["serve", "--help"],
        ["call", "--help"],
        ["host-config", "cursor", "http://x/mcp"],
        ["token", "new", "--name", "a", "--scope", "*"],
    ],
)
def test_what_needs_no_server_loads_none(words: list[str]) -> None:
    told = run([sys.executable, "-c", LOADED, *words])
    assert not HEAVY & set(told.errors.splitlines()[-1].split())
    assert told.output


def test_the_version_is_told_without_what_reads_a_command_line() -> None:
    told = run([sys.executable, "-c", LOADED, "--version"])
    loaded = set(told.errors.splitlines()[-1].split())
    assert not {"typer", "rich", "anyio", "asyncio", "pydantic", *HEAVY} & loaded


def cpu_of(command: Sequence[str]) -> float:
    """CPU seconds of a process; the lesser of two, as others may be in its way."""
    took: list[float] = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run([*command])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(took)


def test_help_costs_less_than_to_load_the_sdk() -> None:
    assert cpu_of([COMMAND, "--help"]) < 0.75 * cpu_of([sys.executable, "-c", "import mcp.server"])


def test_a_reader_that_goes_away_is_no_error_to_speak_of() -> None:
    """As in `toolyard ... | head -1`."""
    script = f"'{COMMAND}' token new --name a --scope '*' --json | true"
    told = run(["sh", "-c", script], environment={"PATH": os.environ["PATH"]})
    assert "Traceback" not in told.errors
    assert "Exception" not in told.errors
