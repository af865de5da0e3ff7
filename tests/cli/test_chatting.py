"""`toolyard chat`."""

import json
import os
import pty
import re
import select
import signal
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Toolyard
from tests.cli.test_asking import SPEECH, TOOLS, answering, words
from tests.support.process import run
from tests.support.provider import Answer
from tests.support.serving import COMMAND

from toolyard.cli.conversation import Queue, next_of


def asking_for(*uses: tuple[str, Mapping[str, Any]]) -> Answer:
    """A model wants tools run."""
    numbered = enumerate(uses, start=1)
    return SPEECH.stream_uses(
        *((f"u{number}", name, [json.dumps(given)]) for number, (name, given) in numbered)
    )


ADDS = asking_for(("add", {"a": 1, "b": 2}), ("nothing", {"x": "\x1b[31m"}))
ESCAPE = "\x1b]0;owned\x07\u202e"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings with tools."""
    file = tmp_path / "yard.toml"
    file.write_text(
        f"[tools.mine]\nkind = {str(TOOLS)!r}\n[tools.sums]\nkind = 'calculator'\nprefix = 'a'\n"
    )
    return str(file)


def kept(name: str = "default") -> str:
    """The file of a session."""
    return Path(os.environ["XDG_STATE_HOME"], "toolyard", "sessions", f"{name}.json").read_text()


def test_lines_are_answered_until_the_end_of_input(toolyard: Toolyard) -> None:
    ended = toolyard("chat", "--model", "echo", stdin="Hello\n\n /usage is told\nLast")
    assert (ended.code, ended.output) == (0, "Hello\n/usage is told\nLast\n")
    assert "> " not in ended.errors


def test_a_chat_goes_on_where_it_was_left(toolyard: Toolyard) -> None:
    with answering(SPEECH.stream("Hi"), SPEECH.stream("Still"), SPEECH.stream("New")) as provider:
        line = ("chat", *words(provider))
        toolyard(*line, stdin="One\n")
        again = toolyard(*line, stdin="Two\n/usage\n")
        anew = toolyard(*line, "--new", stdin="Three\n")
        toolyard(*line, "--session", "Other/..", stdin="/quit\nnever\n")
    heard = [SPEECH.heard(request.body)[1:] for request in provider.requests]
    assert heard == [
        [("user", "One")],
        [("user", "One"), ("assistant", "Hi"), ("user", "Two")],
        [("user", "Three")],
    ]
    assert "session 'default', which goes on" in again.errors
    assert "1 turn this time" in again.errors
    assert "2 calls, 22 tokens read, 14 written, at an unknown price." in again.errors
    assert "which begins" in anew.errors
    assert json.loads(kept())["messages"][0]["parts"][0]["text"] == "Three"


def test_what_was_said_is_forgotten(toolyard: Toolyard) -> None:
    with answering(SPEECH.stream("Hi")) as provider:
        toolyard("chat", *words(provider), stdin="One\n/clear\nTwo\n")
    assert SPEECH.heard(provider.requests[1].body)[1:] == [("user", "Two")]


def test_tools_are_shown_as_they_run(toolyard: Toolyard, config: str) -> None:
    with answering(ADDS, SPEECH.stream("It is ", "3")) as provider:
        ended = toolyard("chat", *words(provider), "--config", config, stdin="1 + 2?\n")
    assert ended.output == "It is 3\n"
    shown = ended.errors.split("typed.\n")[1]
    assert shown.index("→ add a=1 b=2\n") < shown.index("✓ add a=1 b=2")
    assert re.search(r"✗ nothing .* There is no tool", shown)
    assert "noise" in shown
    assert "\x1b" not in ended.errors


def test_what_a_model_says_cannot_steer_the_terminal(toolyard: Toolyard) -> None:
    with answering(SPEECH.stream_thought([f"Hm{ESCAPE}", "m"], [f"Hi{ESCAPE}"])) as provider:
        ended = toolyard("chat", *words(provider), stdin="One\n")
    assert ended.output == "Hi]0;owned\n"
    assert ended.errors.endswith("Hm]0;ownedm\n")


def test_a_failure_ends_a_turn_and_not_the_chat(toolyard: Toolyard) -> None:
    failing = replace(SPEECH.text("no"), status=400, body=b'{"error": {"message": "odd"}}')
    with answering(failing, SPEECH.stream("Better")) as provider:
        ended = toolyard("chat", *words(provider), stdin="One\n/nothing\n/swap\nTwo\n")
    assert (ended.code, ended.output) == (0, "Better\n")
    assert "odd" in ended.errors
    assert "There is no /nothing; /help" in ended.errors
    assert "/swap MOUNT SOURCE" in ended.errors


def test_a_source_is_swapped_and_the_next_turn_has_the_new_tools(
    toolyard: Toolyard, config: str
) -> None:
    typed = "/tools\nOne\n/swap sums memory prefix=b\n/swap none memory\n/swap mine 'x\n/tools\nTwo"
    with answering(SPEECH.stream("Hi")) as provider:
        ended = toolyard("chat", *words(provider), "--config", config, stdin=typed)
    before, after = (
        [name for name, *_ in SPEECH.tools(request.body)] for request in provider.requests
    )
    assert before == ["add", "wait", "a_calculator"]
    assert after == ["add", "wait", "b_memory"]
    assert re.search(r"^a_calculator +sums +Evaluate", ended.output, re.MULTILINE)
    assert re.search(r"^b_memory +sums +Remember", ended.output, re.MULTILINE)
    assert "sums is swapped.\nadded: b_memory\nremoved: a_calculator\n" in ended.output
    assert "Unknown mount: 'none'" in ended.errors
    assert "A quotation mark is never closed." in ended.errors


def test_thoughts_are_written_down_and_shown(toolyard: Toolyard, tmp_path: Path) -> None:
    thought = {"kind": "finding", "text": f"Rails\n{ESCAPE}are long"}
    commits = asking_for(("commit_thought", thought))
    file = str(tmp_path / "thoughts.jsonl")
    with answering(commits, SPEECH.stream("Yes")) as provider:
        line = ("chat", *words(provider), "--thoughts", file)
        ended = toolyard(*line, stdin="Think\n/thoughts\n/thoughts x\n")
        none = toolyard("chat", *words(provider), stdin="/thoughts\n")
    assert ended.output == "Yes\n[#0] finding (toolyard): Rails\n"
    assert "1 thoughts." in ended.errors
    assert "Say how many" in ended.errors
    assert "--thoughts FILE" in none.errors
    assert "Rails" in Path(file).read_text()


@pytest.mark.parametrize(
    ("typed", "results"),
    [
        ("Go\ny\nn\n", ["3", "The tool was not run: The user does not want it."]),
        ("Go\na\n", ["3", "3"]),
        ("Go\n", ["The tool was not run: The user does not want it."] * 2),
    ],
)
def test_a_person_decides_about_tools_that_may_change_something(
    toolyard: Toolyard, config: str, typed: str, results: Sequence[str]
) -> None:
    add = ("add", {"a": 1, "b": 2})
    asks = asking_for(add, add, ("wait", {"seconds": 0}))
    with answering(asks, SPEECH.stream("Done")) as provider:
        ended = toolyard("chat", *words(provider), "--config", config, "--approve", stdin=typed)
    told = [told for who, told in SPEECH.heard(provider.requests[1].body) if who == "tool"]
    assert [text for _, _, text in told] == [*results, "done"]
    assert ended.errors.count("Run it?") == (1 if "a" in typed else 2)
    assert '"b": 2' in ended.errors


def test_a_configured_server_that_is_away_takes_no_other_along(
    toolyard: Toolyard, config: str
) -> None:
    with Path(config).open("a") as file:
        file.write('[tools.far]\nurl = "http://127.0.0.1:9/mcp"\n')
    ended = toolyard("chat", "--model", "echo", "--config", config, stdin="/tools\n")
    assert "far is not there: " in ended.errors
    assert "3 tools." in ended.errors


def test_it_cannot_begin(toolyard: Toolyard, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(config).write_text('[tools.mine]\nkind = "nothing"\n')
    assert toolyard("chat", "--model", "echo", "--config", config).code == 2
    ended = toolyard("chat", "--config", config, "--no-tools")
    assert (ended.code, "--model" in ended.errors) == (2, True)
    for name, value in (("XDG_STATE_HOME", ""), ("HOME", "nowhere")):
        monkeypatch.setenv(name, value)
    assert "no home directory" in toolyard("chat", "--model", "echo").errors


def test_in_a_pipe_only_answers_are_on_standard_output(config: str) -> None:
    with answering(ADDS, SPEECH.stream("It is 3")) as provider:
        command = [COMMAND, "chat", *words(provider), "--config", config]
        ended = run(["sh", "-c", "printf 'Go\\n/quit\\nno\\n' | \"$@\"", "sh", *command])
    assert (ended.code, ended.output) == (0, "It is 3\n")
    assert "noise" in ended.errors


class Terminal:
    """A command at a terminal."""

    def __init__(self, command: Sequence[str]) -> None:
        self._shown = ""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execv(command[0], [*command])

    def types(self, text: str) -> None:
        """Type it."""
        os.write(self._terminal, text.encode())

    def shows(self, text: str, timeout_s: float = 10) -> None:
        """Wait until it shows `text`, after what it was waited for last."""
        ends = time.monotonic() + timeout_s
        while text not in self._shown:
            left = ends - time.monotonic()
            assert left > 0, f"no {text!r} in {self._shown!r}"
            if select.select([self._terminal], [], [], left)[0]:
                self._shown += os.read(self._terminal, 65536).decode(errors="replace")
        self._shown = self._shown.partition(text)[2]

    def ended(self, timeout_s: float) -> int | None:
        """The exit code; `None` if it goes on for so long."""
        pid, status, ends = 0, 0, time.monotonic() + timeout_s
        while not pid and time.monotonic() < ends:
            try:
                if select.select([self._terminal], [], [], 0.05)[0]:
                    os.read(self._terminal, 65536)
            except OSError:  # as a terminal whose other side is closed
                time.sleep(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def close(self) -> None:
        """Take the terminal away, which ends what is at it."""
        os.close(self._terminal)
        with suppress(ChildProcessError, ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@contextmanager
def at_terminal(command: Sequence[str]) -> Generator[Terminal]:
    terminal = Terminal(command)
    try:
        yield terminal
    finally:
        terminal.close()


def test_ctrl_c_that_interrupts_no_wait_is_seen_soon() -> None:
    heard, seen, gave_up = Queue(), threading.Event(), threading.Event()

    def interrupt() -> None:
        """The process is told, and the wait of its main thread goes on."""
        time.sleep(0.05)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        if not seen.wait(10):
            gave_up.set()
            heard.put(None)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        next_of(heard)
    seen.set()
    assert not gave_up.is_set()


def test_ctrl_c_ends_what_is_under_way_and_at_the_prompt_the_chat(config: str) -> None:
    waits = asking_for(("wait", {"seconds": 60}))
    hangs = SPEECH.stream("I begin", " and end")
    hangs = replace(hangs, body=hangs.body[: hangs.body.index(b" and end") - 60], hangs=True)
    with answering(SPEECH.stream("Hi"), hangs, waits, SPEECH.stream("Again")) as provider:
        command = [COMMAND, "chat", *words(provider), "--config", config]
        with at_terminal(command) as terminal:
            terminal.shows("> ")
            terminal.types("Hello\n")
            terminal.shows("Hi\r\n> ")
            for begun in ("I begin", "→ wait"):
                terminal.types("Go\n")
                terminal.shows(begun)
                terminal.types("\x03")
                terminal.shows("Interrupted. Ctrl+C at the prompt ends the chat.")
                terminal.shows("> ")
            terminal.types("Hello again\n")
            terminal.shows("Again\r\n> ")
            terminal.types("\x03")
            code = terminal.ended(5)
            if code is None:  # readline misses one that comes just as it begins
                terminal.types("\x03")
                code = terminal.ended(5)
    assert code == 0
    heard = [SPEECH.heard(each.body)[1:] for each in provider.requests]
    assert heard[2] == [("user", "Hello"), ("assistant", "Hi"), ("user", "Go")]
    assert heard[3][3] == ("assistant", ("use", "u1", "wait", {"seconds": 60}))
    assert "interrupted" in heard[3][4][1][2]
    assert heard[3][5] == ("user", "Hello again")
    assert "Hello again" in kept()
