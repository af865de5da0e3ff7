"""The rig itself: a command that a test starts has a deadline and leaves nothing behind."""

import socket
import sys
from collections.abc import Sequence

import pytest
from tests.support.process import free_port, run, running

PYTHON = sys.executable


def python(script: str) -> Sequence[str]:
    return [PYTHON, "-c", script]


def test_a_command_that_ends_gives_its_code_and_what_it_said() -> None:
    finished = run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert (finished.code, finished.output, finished.errors) == (3, "out\n", "err\n")


def test_a_command_over_its_deadline_is_killed_and_what_it_said_is_told() -> None:
    with pytest.raises(TimeoutError, match="working"):
        run(["sh", "-c", "echo working; exec sleep 60"], timeout_s=1)


def test_a_started_command_hears_and_answers() -> None:
    with running([PYTHON, "-u", "-c", "while True: print('heard', input())"]) as echo:
        echo.send("one")
        assert echo.line("heard") == "heard one"
        echo.send("two")
        assert echo.line("heard") == "heard two"


def test_the_end_of_the_block_ends_what_the_command_started_too() -> None:
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); print('ready'); signal.pause()"
    starts_another = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-u', '-c', {stubborn!r}])\n"
        "child.wait()"
    )
    with running(python(starts_another)) as parent:
        parent.line("ready")
        assert not parent.is_over
    assert parent.is_over


def test_waiting_for_a_server_ends_as_soon_as_it_answers() -> None:
    port = free_port()
    with running([PYTHON, "-m", "http.server", "--bind", "127.0.0.1", str(port)]) as server:
        server.answers(f"http://127.0.0.1:{port}/")
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_waiting_for_a_server_that_ended_tells_what_it_said() -> None:
    with (
        running(python("raise SystemExit('no such port')")) as server,
        pytest.raises(TimeoutError, match="no such port"),
    ):
        server.answers(f"http://127.0.0.1:{free_port()}/")


def test_waiting_for_a_line_that_never_comes_tells_what_was_said() -> None:
    with (
        running(python("print('only this')")) as quiet,
        pytest.raises(TimeoutError, match="only this"),
    ):
        quiet.line("something else")
