"""The README's first screen, exactly as it is written but for the port."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import README
from tests.docs.shell import PORT, SCRIPTS, Shell, shell
from tests.support.missing import missing
from tests.support.process import ROOT, Running, free_port, run, running

PROGRAM = README.blocks("python")[0]
TOOLYARD = f"{SCRIPTS}/toolyard"
ADD = ["add", "a=2", "b=40"]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the program was saved."""
    (tmp_path / "my_tools.py").write_text(PROGRAM)
    return tmp_path


@pytest.fixture
def served(directory: Path) -> Iterator[Shell]:
    """The program, served with the README's command."""
    with shell(directory) as typing:
        typing.serves(README.command("toolyard serve my_tools.py --port"))
        yield typing


def ended(server: Running, how: signal.Signals) -> int:
    """The exit code of a server that was sent `how`, as a terminal sends it: to all it started."""
    os.killpg(server._process.pid, how)
    return server._process.wait(timeout=20)


def test_the_commands_do_what_they_say(served: Shell) -> None:
    spoken = ("toolyard tools", "toolyard call", "toolyard doctor", "toolyard host-config")
    outputs = [served.types(README.command(start)) for start in spoken]

    assert "add" in outputs[0]
    assert outputs[1].strip() == "42.0"
    assert "${TOOLYARD_TOKEN}" in outputs[3]


def test_the_program_serves_itself_until_it_is_told_to_end(directory: Path) -> None:
    port = free_port()
    (directory / "my_tools.py").write_text(PROGRAM.replace(PORT, str(port)))
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, "my_tools.py"], directory=directory) as server:
        server.answers(f"{url}/readyz")
        without = run([TOOLYARD, "call", f"{url}/mcp", *ADD])
        called = run([TOOLYARD, "call", f"{url}/mcp", *ADD, "--token", "s3cret"])
        code = ended(server, signal.SIGTERM)

    assert without.code != 0
    assert called.output.strip() == "42.0", called
    assert (code, server.output) == (0, f"math serves at {url}/mcp\n")


def test_the_command_for_a_desktop_host_serves_it_over_standard_streams(directory: Path) -> None:
    command = README.command("toolyard serve my_tools.py --stdio").partition("  #")[0].strip()
    with shell(directory) as typing:
        called = typing.types(f'toolyard call "stdio:{command}" {" ".join(ADD)}')

    assert called.strip() == "42.0"


def make() -> str:
    """`make`, where it has nothing to set up: a test must not change what it is run with."""
    found = shutil.which("make")
    if found is None:
        missing("make", "Install it with the machine's package manager.")
    if run([found, "--question", ".venv/.installed"]).code:
        missing("a .venv made by make", "Run the tests with `make test`.")
    return found


def test_make_serve_serves_the_calculator_and_prints_how_to_connect() -> None:
    port = free_port()
    command = README.command("make serve").partition("  #")[0].split()
    with running([make(), *command[1:], f"PORT={port}"]) as server:
        server.line("host-config")
        url, token = re.findall(r"^(?:URL|Token) +(\S+)", server.output, re.MULTILINE)
        export = re.search(r"export .*", server.output)
        called = run([TOOLYARD, "call", url, "calculator", "expression=6*7", "--token", token])
        code = ended(server, signal.SIGINT)

    assert url == f"http://127.0.0.1:{port}/mcp"
    assert export is not None
    assert export[0] == f"export TOOLYARD_TOKEN={token}"
    assert called.output.strip() == "42", called
    assert "stopped; 0 calls were ended" in server.output
    assert "***" not in server.output  # how make says that what it ran has failed
    assert code == -signal.SIGINT  # make's own end, once the server has ended


def test_the_commands_that_make_serve_prints_work_as_they_are_printed() -> None:
    with running([make(), "serve", f"PORT={free_port()}"]) as server, shell(ROOT) as typing:
        export = server.line("export TOOLYARD_TOKEN=").strip()
        tools = server.line("toolyard tools").strip()
        config = server.line("toolyard host-config").strip()
        assert typing.types(export) == ""
        listed = typing.types(tools)
        written = typing.types(config)

    assert "calculator" in listed
    assert '"mcpServers"' in written
