"""Standard streams that are closed, full, or read by nobody."""

import json
import os
import signal

import pytest
from tests.support.process import Finished, free_port, run, running
from tests.support.serving import COMMAND

ENVIRONMENT = {"TOOLYARD_TOOLS__SUMS__KIND": "calculator", "PYTHONUNBUFFERED": ""}
"""A source `sums`, and output that is buffered as usual."""
NEW = "token new --name a --scope '*'"
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="MISSING: /dev/full")


def shell(line: str) -> Finished:
    """What `toolyard LINE` does, as a shell runs it."""
    return run(["sh", "-c", f"'{COMMAND}' {line}"], environment=ENVIRONMENT)


@pytest.mark.parametrize(
    ("line", "code", "output", "said"),
    [
        ("call sums calculator expression=1+1 <&-", 0, "2\n", ""),
        ("call sums calculator - <&-", 2, "", "The arguments are not valid JSON"),
        ("tools sums --json 2>&- | wc -l", 0, "1\n", ""),
        ("tools nowhere 2>&-", 2, "", ""),
        ("tools nowhere <&- >&- 2>&-", 2, "", ""),
        ("serve --stdio <&-", 0, "", ""),
    ],
)
def test_a_stream_that_is_closed_does_without(line: str, code: int, output: str, said: str) -> None:
    told = shell(line)
    assert (told.code, told.output.replace(" ", "")) == (code, output), told
    assert said in told.errors
    assert told.errors.count("\n") <= 1


DOCTOR = f"doctor 'stdio:{COMMAND} serve calculator --stdio'"
LINES = [NEW, "tools sums", "tools sums --json", "--version"]


@pytest.mark.parametrize("line", [*LINES, "host-config cursor http://x/mcp"])
@pytest.mark.parametrize("to", [">&-", pytest.param(">/dev/full", marks=FULL)])
def test_a_result_that_cannot_be_written_is_a_sentence(line: str, to: str) -> None:
    told = shell(f"{line} {to}")
    assert told.code == 2, told
    assert told.errors.splitlines()[-1].startswith("Standard output cannot be written: ")
    assert "Traceback" not in told.errors
    assert "Exception" not in told.errors


@pytest.mark.parametrize("line", ["--help", "call --help"])
@pytest.mark.parametrize("to", [">&-", pytest.param(">/dev/full", marks=FULL)])
def test_help_that_cannot_be_written_is_a_sentence(line: str, to: str) -> None:
    told = shell(f"{line} {to}")
    assert told.code == 2
    assert told.errors.startswith("Something cannot be read or written: ")
    assert told.errors.count("\n") == 1


@FULL
def test_what_cannot_be_said_changes_no_exit_code() -> None:
    assert shell("tools nowhere 2>/dev/full").code == 2


@pytest.mark.parametrize("line", [*LINES, DOCTOR])
def test_a_reader_that_goes_away_ends_the_command_as_a_signal_would(line: str) -> None:
    script = f"{{ '{COMMAND}' {line}; echo code $? >&2; }} | true"
    told = run(["sh", "-c", script], environment=ENVIRONMENT)
    assert told.errors.splitlines()[-1] == "code 141"
    assert "Traceback" not in told.errors


@pytest.mark.parametrize("to", [">&-", pytest.param(">/dev/full", marks=FULL)])
def test_the_protocol_that_cannot_be_written_leaves_no_traceback(to: str) -> None:
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    told = run(["sh", "-c", f"echo '{ping}' | '{COMMAND}' serve calculator --stdio {to}"])
    assert told.code in (0, 2)
    assert "Traceback" not in told.errors


@pytest.mark.parametrize("to", [">&-", ">&- --json", pytest.param(">/dev/full", marks=FULL)])
def test_a_server_serves_although_nobody_can_read_where(to: str) -> None:
    port = free_port()
    script = f"exec '{COMMAND}' serve calculator --port {port} {to} 2>&3"
    with running(["sh", "-c", f"exec 3>&1; {script}"]) as server:
        server.line("Standard output cannot be written: ")
        server.answers(f"http://127.0.0.1:{port}/healthz")
        server._process.send_signal(signal.SIGINT)
        server.line("stopped; 0 calls were ended")
        assert server._process.wait(20) == 0
        assert "Traceback" not in server.output
