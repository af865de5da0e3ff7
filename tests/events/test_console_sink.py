"""People at a terminal see what agents do, and nobody whom agents hear can steer it."""

import io
import re
import sys
from typing import Any

import pytest
from tests.events.examples import HOSTILE, example, hostile, kinds
from tests.support.process import run

from toolyard.core.context import Event
from toolyard.events import running_agents
from toolyard.events.agent_events import (
    LLMCallCompleted,
    LLMCallStarted,
    LLMContentDelta,
    LLMReasoningDelta,
    SendCompleted,
    SendFailed,
    SendStarted,
    ToolCallDetected,
    ToolExecutionCompleted,
)
from toolyard.events.agent_lines import lasted
from toolyard.events.console_sink import ConsoleSink
from toolyard.events.running_agents import RunningAgents

WHO: dict[str, Any] = {"agent_id": "1", "agent_name": "ann", "run_id": "r"}
STORY = [
    example(SendStarted, **WHO, message_preview="What is in a.txt?\nTell me."),
    example(LLMCallStarted, **WHO, iteration=1),
    example(LLMCallCompleted, **WHO, tokens_used=1_234),
    example(ToolCallDetected, **WHO, tool_name="read_file"),
    example(
        ToolExecutionCompleted,
        **WHO,
        tool_name="read_file",
        parameters={"path": "a.txt", "at": b"12", "rest": "x" * 500},
    ),
    example(
        ToolExecutionCompleted, **WHO, tool_name="rm", parameters={}, success=False, error="no"
    ),
    example(SendCompleted, **WHO, tokens_used=1_234, cost_usd=0.0123, duration_s=75.0),
    example(SendFailed, **WHO, error="The provider does not answer. [red]x[/]"),
]
LINES = [
    "▶ ann  What is in a.txt? Tell me.",
    '✓ ann  read_file(path="a.txt", at="<2 bytes>", rest="xxxxxxxxxxxxxxxxxxxxxxx…)  0.25 s',
    "✗ ann  rm()  0.25 s: no",
    "● ann  done in 1 min 15 s · 7 tool calls · 1,234 tokens · $0.0123",
    "✗ ann  The provider does not answer. [red]x[/]",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def unstyled(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_where_nobody_looks_there_are_plain_lines() -> None:
    stream = io.StringIO()
    with ConsoleSink(stream) as sink:
        for event in STORY:
            sink(event)
    assert stream.getvalue().splitlines() == LINES


def test_on_a_terminal_there_are_lines_in_colour_and_below_who_does_what(
    terminal: Terminal,
) -> None:
    sink = ConsoleSink(terminal)
    for event in STORY[:4]:
        sink(event)
    live = sink._screen._live
    assert live is not None
    live.refresh()
    shown = unstyled(terminal.getvalue())
    assert re.search(r". ann  turn 1 · runs read_file · \d\.\d\d s · 1,234 tokens", shown)
    for event in STORY[4:]:
        sink(event)

    assert sink._screen._live is None  # no thread, and the cursor is there again
    assert terminal.getvalue().rstrip("\r\n").count("\x1b[?25l") == 1
    assert terminal.getvalue().count("\x1b[?25h") == 1
    assert "\x1b[31mrm()" in terminal.getvalue()
    told = unstyled(terminal.getvalue()).replace("\r", "\n").splitlines()
    assert [line for line in told if line in LINES] == LINES


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_no_event_steers_a_terminal_or_forges_a_line(kind: type[Event]) -> None:
    stream, agents = io.StringIO(), RunningAgents()
    sink = ConsoleSink(stream)
    for event in (hostile(SendStarted), hostile(kind), example(kind, success=False, error=HOSTILE)):
        sink(event)
        agents(event)
    lines = stream.getvalue().splitlines()
    assert len(lines) in (1, 3)
    for each in (*lines, *(each.text() for each in agents.runs())):
        assert each.isprintable()


def test_what_an_agent_does_is_known_while_it_does_it() -> None:
    agents = RunningAgents()

    def does(*events: Event) -> list[str]:
        for event in events:
            agents(event)
        return [each.text().split(" · ")[1] for each in agents.runs()]

    call: dict[str, Any] = {**WHO, "tool_name": "add"}
    assert does(STORY[0]) == ["begins"]
    assert does(example(LLMCallStarted, **WHO)) == ["waits for the model"]
    assert does(example(LLMReasoningDelta, **WHO)) == ["thinks"]
    assert does(example(LLMContentDelta, **WHO)) == ["writes"]
    detected = example(ToolCallDetected, **call)
    assert does(detected, detected) == ["runs add, add"]
    assert does(example(ToolExecutionCompleted, **call)) == ["runs add"]
    assert does(example(SendStarted, **{**WHO, "run_id": "other"})) == ["runs add", "begins"]
    assert does(example(SendFailed, **WHO)) == ["begins"]


def test_runs_whose_end_nobody_told_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_agents, "MOST_RUNS", 3)
    agents = RunningAgents()
    for each in range(5):
        agents(example(SendStarted, run_id=str(each), agent_name=str(each)))
    assert [run.agent for run in agents.runs()] == ["2", "3", "4"]


def test_a_process_that_ends_in_the_middle_leaves_a_cursor() -> None:
    script = (
        "import io, sys; from toolyard import ConsoleSink, SendStarted\n"
        "class Terminal(io.TextIOWrapper):\n"
        "    def isatty(self): return True\n"
        "sink = ConsoleSink(Terminal(sys.stdout.buffer, write_through=True, encoding='utf-8'))\n"
        "sink(SendStarted(agent_id='1', agent_name='a', message_preview='b'))\n"
    )
    finished = run([sys.executable, "-c", script], environment={"TERM": "xterm"})
    assert finished.output.count("\x1b[?25l") == finished.output.count("\x1b[?25h") == 1, finished


def test_durations_are_for_people() -> None:
    assert [lasted(each) for each in (0.004, 9.9, 59.0, 60.0, 3661.0)] == [
        *("0.00 s", "9.90 s", "59 s", "1 min 0 s", "61 min 1 s")
    ]
