"""One pipe, both eras: what a host may send, in which order, and how it ends."""

import fcntl
import json
import signal
import socket
import subprocess
import sys
import termios
import time
from array import array
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.support.nursery import nursery

PROGRAM = [sys.executable, str(Path(__file__).with_name("stdio_tools.py"))]
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "host", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HELLO: dict[str, Any] = {
    "protocolVersion": "2025-11-25",
    "clientInfo": {"name": "host", "version": "1"},
    "capabilities": {},
}


class Host:
    """A host at the other end of the pipe; every wait of it is bounded by the test's time."""

    def __init__(self, drain_s: str = "1", last_words_s: str = "2") -> None:
        self.process = nursery().start(PROGRAM[1], drain_s, last_words_s)
        self._ids = 0

    def say(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def notify(self, method: str, **params: Any) -> None:
        self.say(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def send(self, method: str, params: dict[str, Any]) -> int:
        self._ids += 1
        request = {"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params}
        self.say(json.dumps(request))
        return self._ids

    def hear(self) -> dict[str, Any]:
        """The next message, which must be one."""
        line = self.process.stdout.readline()
        assert line, self.errors()
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request, which must come next."""
        number = self.send(method, params)
        answer = self.hear()
        assert answer["id"] == number, answer
        return answer

    def modern(self, method: str, **params: Any) -> dict[str, Any]:
        return self.ask(method, **params, _meta=META)

    def add(self, **extra: Any) -> Any:
        answer = self.ask("tools/call", name="add", arguments={"a": 1, "b": 2}, **extra)
        return answer["result"]["structuredContent"]["result"]

    def shake_hands(self) -> None:
        assert self.ask("initialize", **HELLO)["result"]["protocolVersion"] == "2025-11-25"
        self.notify("notifications/initialized")

    def close_input(self) -> None:
        self.process.stdin.close()

    def error_line(self) -> str:
        return self.process.stderr.readline().strip()

    def errors(self) -> str:
        return self.process.stderr.read()


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Generator[Host]:
    host = Host(*getattr(request, "param", ()))
    with host.process as process:
        yield host
        process.kill()


def test_a_probe_and_then_a_handshake(host: Host) -> None:
    assert host.modern("server/discover")["result"]["supportedVersions"] == ["2026-07-28"]
    host.shake_hands()
    assert host.add() == 3


def test_only_a_handshake(host: Host) -> None:
    host.shake_hands()
    assert [tool["name"] for tool in host.ask("tools/list")["result"]["tools"]][:2] == [
        "add",
        "count",
    ]
    assert host.add() == 3


def test_only_modern_requests(host: Host) -> None:
    assert host.add(_meta=META) == 3
    refused = host.ask("initialize", **HELLO)
    assert refused["error"]["code"] == -32022
    assert host.add(_meta=META) == 3


def test_many_probes_first(host: Host) -> None:
    for _ in range(20):
        assert "result" in host.modern("server/discover")
    host.shake_hands()
    assert host.add() == 3


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -32602),
        ({"_meta": "odd"}, -32602),
        ({"_meta": {**META, "io.modelcontextprotocol/protocolVersion": 7}}, -32602),
        ({"_meta": {**META, "io.modelcontextprotocol/protocolVersion": "1999-01-01"}}, -32022),
    ],
)
def test_a_malformed_probe_is_refused_and_settles_nothing(
    host: Host, params: dict[str, Any], code: int
) -> None:
    assert host.ask("server/discover", **params)["error"]["code"] == code
    host.shake_hands()
    assert host.add() == 3


GARBAGE = {
    "{": -32700,
    "x" * 100_000: -32700,
    "\ufeff{}": -32700,
    "[" * 100_000: -32700,
    "null": -32600,
    "[]": -32600,
    "42": -32600,
    '{"jsonrpc": "1.0"}': -32600,
    '{"jsonrpc": "2.0", "id": 5, "method": 7}': -32600,
}


def test_lines_that_are_no_message_are_refused_and_settle_nothing(host: Host) -> None:
    def refused() -> None:
        for line, code in GARBAGE.items():
            host.say(line)
            answer = host.hear()
            assert (answer["id"], answer["error"]["code"]) == (None, code), line

    refused()
    host.modern("server/discover")
    refused()
    host.shake_hands()
    refused()
    assert host.add() == 3


def test_blank_lines_are_passed_over(host: Host) -> None:
    for line in ("", " ", "\r"):
        host.say(line)
    assert host.add(_meta=META) == 3


@pytest.mark.parametrize("modern", [True, False])
def test_texts_that_utf_8_cannot_hold_are_cleaned(host: Host, modern: bool) -> None:
    if not modern:
        host.shake_hands()
    meta = {**(META if modern else {}), "progressToken": "p"}
    level = {"io.modelcontextprotocol/logLevel": "info"} if modern else {}
    number = host.send("tools/call", {"name": "odd", "_meta": {**meta, **level}})
    said = [host.hear() for _ in range(3)]
    assert [each.get("method") for each in said] == [
        "notifications/message",
        "notifications/progress",
        None,
    ]
    assert said[2]["id"] == number
    assert said[2]["result"]["structuredContent"] == {"caf\ufffd.txt": "caf\ufffd.txt"}
    extra = {"_meta": META} if modern else {}
    assert host.add(**extra) == 3


@pytest.mark.parametrize("modern", [True, False])
def test_what_json_cannot_hold_is_an_error_of_its_call_alone(host: Host, modern: bool) -> None:
    extra = {"_meta": META} if modern else {}
    if not modern:
        host.shake_hands()
    result = host.ask("tools/call", name="impossible", **extra)["result"]
    assert result["isError"]
    assert "JSON" in result["content"][0]["text"]
    assert host.add(**extra) == 3


def test_progress_comes_before_the_result(host: Host) -> None:
    meta = {**META, "progressToken": "p"}
    number = host.send("tools/call", {"name": "count", "arguments": {"to": 2}, "_meta": meta})
    said = [host.hear() for _ in range(3)]
    assert [message.get("params", {}).get("progress") for message in said] == [1, 2, None]
    assert said[2]["id"] == number


@pytest.mark.parametrize("modern", [True, False])
def test_a_cancelled_call_is_cancelled_and_the_next_one_served(host: Host, modern: bool) -> None:
    meta = META if modern else {}
    if not modern:
        host.shake_hands()
    asked = {"name": "hang", "_meta": {**meta, "progressToken": "p"}}
    number = host.send("tools/call", asked)
    assert host.hear()["method"] == "notifications/progress"
    host.notify("notifications/cancelled", requestId=number)
    assert host.error_line() == "cancelled"
    extra = {"_meta": META} if modern else {}
    assert host.add(**extra) == 3


def test_an_old_host_hears_of_changed_tools(host: Host) -> None:
    host.shake_hands()
    host.send("tools/call", {"name": "grow"})
    said = {message.get("method", "answer") for message in (host.hear(), host.hear())}
    assert said == {"answer", "notifications/tools/list_changed"}


def test_a_modern_host_that_listens_hears_of_changed_tools(host: Host) -> None:
    listen = host.send(
        "subscriptions/listen", {"notifications": {"toolsListChanged": True}, "_meta": META}
    )
    acknowledged = host.hear()
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    host.send("tools/call", {"name": "grow", "_meta": META})
    messages = [host.hear(), host.hear()]
    notices = [message for message in messages if "method" in message]
    assert [notice["method"] for notice in notices] == ["notifications/tools/list_changed"]
    meta = notices[0]["params"]["_meta"]
    assert meta["io.modelcontextprotocol/subscriptionId"] == listen


def test_a_modern_host_that_does_not_listen_hears_nothing(host: Host) -> None:
    assert "result" in host.modern("tools/call", name="grow")
    assert host.add(_meta=META) == 3


def test_a_tool_finds_nothing_on_standard_input(host: Host) -> None:
    answer = host.modern("tools/call", name="read")
    assert answer["result"]["structuredContent"] == {"result": ""}


def test_the_end_of_input_ends_the_process(host: Host) -> None:
    host.shake_hands()
    host.close_input()
    assert host.process.wait(5) == 0
    assert "Traceback" not in host.errors()


def test_the_end_of_input_before_any_request_ends_the_process(host: Host) -> None:
    host.close_input()
    assert host.process.wait(10) == 0
    assert "Traceback" not in host.errors()


@pytest.mark.parametrize("modern", [True, False])
def test_the_end_of_input_cancels_a_call_and_ends_the_process(host: Host, modern: bool) -> None:
    if not modern:
        host.shake_hands()
    meta = META if modern else {}
    host.send("tools/call", {"name": "hang", "_meta": {**meta, "progressToken": "p"}})
    assert host.hear()["method"] == "notifications/progress"
    began = time.monotonic()
    host.close_input()
    assert host.process.wait(5) == 0
    assert time.monotonic() - began < 3
    errors = host.errors()
    assert "cancelled" in errors
    assert "Traceback" not in errors


SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
BOTH = pytest.mark.parametrize("modern", [True, False])


def begin(host: Host, tool: str, modern: bool) -> int:
    """The number of a call that has begun."""
    if not modern:
        host.shake_hands()
    meta = {**(META if modern else {}), "progressToken": "p"}
    number = host.send("tools/call", {"name": tool, "_meta": meta})
    assert host.hear()["method"] == "notifications/progress"
    return number


@SIGNALS
@BOTH
def test_told_to_end_it_lets_calls_finish(host: Host, number: signal.Signals, modern: bool) -> None:
    call = begin(host, "finish", modern)
    host.process.send_signal(number)
    answer = host.hear()
    assert (answer["id"], answer["result"]["structuredContent"]) == (call, {"result": "finished"})
    assert host.process.wait(5) == 0


@SIGNALS
@BOTH
def test_a_call_that_takes_too_long_is_told_of_the_end(
    host: Host, number: signal.Signals, modern: bool
) -> None:
    call = begin(host, "hang", modern)
    host.process.send_signal(number)
    extra = {"_meta": META} if modern else {}
    deadline = time.monotonic() + 0.9  # it is told at once, and waits for the call for a second
    while "stopping" not in str(host.ask("tools/call", name="read", **extra)):
        assert time.monotonic() < deadline
    answer = host.hear()
    assert (answer["id"], answer["result"]["isError"]) == (call, True)
    assert "stopping" in answer["result"]["content"][0]["text"]
    assert host.process.wait(5) == 0
    assert host.errors() == "cancelled\n"


@SIGNALS
def test_a_second_signal_ends_it_at_once(number: signal.Signals) -> None:
    host = Host("60")
    with host.process:
        call = begin(host, "hang", True)
        host.process.send_signal(number)
        while "stopping" not in str(host.modern("tools/call", name="read")):
            pass
        host.process.send_signal(number)
        assert host.hear()["id"] == call
        assert host.process.wait(5) == 0


@pytest.mark.parametrize("odd", [[], {}, None, 1.5, True])
def test_an_odd_cancellation_harms_nobody(host: Host, odd: Any) -> None:
    call = begin(host, "finish", True)
    host.notify("notifications/cancelled", requestId=odd)
    assert host.hear()["id"] == call
    assert host.add(_meta=META) == 3


@pytest.mark.parametrize("host", [("1", "50")], indirect=True)
@pytest.mark.parametrize("number", [0, 1, "", "a"])
def test_every_answered_request_counts_as_answered(host: Host, number: int | str) -> None:
    request = {"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": {"_meta": META}}
    host.say(json.dumps(request))
    assert host.hear()["id"] == number
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(5) == 0  # the last words of nobody are waited for


def test_a_host_that_reads_no_more_ends_the_process(host: Host) -> None:
    assert host.add(_meta=META) == 3
    host.process.stdout.close()
    host.send("tools/list", {"_meta": META})
    host.close_input()
    host.process.wait(5)


def fill_output(host: Host) -> set[int]:
    """Requests whose answers are far more than a pipe holds, once it is full."""
    assert host.add(_meta=META) == 3
    numbers = {host.send("tools/list", {"_meta": META}) for _ in range(300)}
    held, deadline = array("i", [0]), time.monotonic() + 20
    while held[0] < 1 << 15:
        assert time.monotonic() < deadline
        fcntl.ioctl(host.process.stdout.fileno(), termios.FIONREAD, held)
    return numbers


def test_told_to_end_it_waits_a_little_for_a_host_that_reads_late(host: Host) -> None:
    numbers = fill_output(host)
    host.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        host.process.wait(0.5)
    assert {host.hear()["id"] for _ in numbers} == numbers
    assert host.process.wait(5) == 0


def test_told_to_end_it_does_not_wait_for_ever_for_a_host_that_reads_nothing(host: Host) -> None:
    fill_output(host)
    began = time.monotonic()
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(15) == 0
    assert time.monotonic() - began < 10


def probe(number: int) -> bytes:
    request = {"jsonrpc": "2.0", "id": number, "method": "server/discover"}
    return json.dumps({**request, "params": {"_meta": META}}).encode() + b"\n"


def test_a_host_may_use_sockets() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with (
        ours,
        subprocess.Popen(
            [*PROGRAM, "1", "2"], stdin=theirs.fileno(), stdout=theirs.fileno()
        ) as process,
    ):
        theirs.close()
        with ours.makefile("rb") as answers:
            for number in range(3):
                ours.sendall(probe(number))
                assert json.loads(answers.readline())["id"] == number
            ours.shutdown(socket.SHUT_WR)
            assert answers.read() == b""
        assert process.wait(5) == 0


def test_input_and_output_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(probe(0) + b"\n" + probe(1) + probe(2).rstrip())
    with open(tmp_path / "input", "rb") as source, open(tmp_path / "output", "wb") as target:
        subprocess.run([*PROGRAM, "1", "2"], stdin=source, stdout=target, timeout=20, check=True)
    answers = (tmp_path / "output").read_text().splitlines()
    assert [json.loads(answer)["id"] for answer in answers] == [0, 1, 2]


def test_what_a_tool_left_to_be_written_does_not_reach_the_host(host: Host) -> None:
    assert host.ask("tools/call", name="mumble", _meta=META)["result"]
    host.close_input()
    assert host.process.stdout.read() == ""
    assert "half a word" in host.errors()
