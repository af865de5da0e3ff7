"""The log and the terminal tell what teams do, and nothing of what was said."""

import io
import logging
from dataclasses import fields

import pytest
from tests.events.examples import example, hostile, kinds

from toolyard.core.context import Event
from toolyard.events.console_sink import ConsoleSink
from toolyard.events.log import log_event
from toolyard.events.orchestration_events import (
    AgentFailed,
    OrchestrationEvent,
    RalphTaskCompleted,
    RoundCompleted,
    RunCompleted,
    RunFailed,
    RunStarted,
    TaskFailed,
)

OURS = [each for each in kinds() if issubclass(each, OrchestrationEvent)]
UNTOLD = (RoundCompleted,)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_an_event_is_one_line_without_contents(
    kind: type[Event], caplog: pytest.LogCaptureFixture
) -> None:
    said = {"result": "the very words"} if "result" in {each.name for each in fields(kind)} else {}
    with caplog.at_level(logging.DEBUG, "toolyard"):
        log_event(example(kind, **said))
        log_event(hostile(kind))

    assert len(caplog.records) == (0 if kind in UNTOLD else 2)
    assert "the very words" not in "".join(caplog.messages)
    assert all(each.isprintable() for each in caplog.messages)


def test_how_runs_and_tasks_ended_is_for_operators(caplog: pytest.LogCaptureFixture) -> None:
    team = {"orchestration_name": "team"}
    with caplog.at_level(logging.INFO, "toolyard"):
        log_event(example(RunStarted, **team))
        log_event(example(RunCompleted, **team, is_complete=False, rounds=3, cost_usd=0.5))
        log_event(example(RunFailed, **team, error="Nobody answered."))
        log_event(example(RunFailed, **team, error="cancelled"))
        log_event(example(AgentFailed, **team, agent_name="Ann", error="It broke."))
        log_event(example(TaskFailed, **team, agent_name="Ann", task_id="css", error="No file."))

    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("INFO", "team ended before it was done after 0.2 s: 3 rounds, 7 tokens, $0.5000"),
        ("WARNING", "team came to no result: Nobody answered."),
        ("INFO", "team came to no result: cancelled"),
        ("WARNING", "team: Ann gave no answer: It broke."),
        ("WARNING", "team: Ann did not get task css done: No file."),
    ]


def test_people_see_what_a_team_has_done() -> None:
    stream = io.StringIO()
    sink = ConsoleSink(stream)
    for event in (
        example(RunStarted, orchestration_name="team", mode="Ralph", agent_count=2),
        example(RalphTaskCompleted, orchestration_name="team", agent_name="Ann"),
        example(
            TaskFailed,
            orchestration_name="team",
            agent_name="Bob",
            task_id="js",
            error="It ended with exit code 1:\nline 3",
        ),
        example(RunCompleted, orchestration_name="team", is_complete=True),
        example(RunCompleted, orchestration_name="team", is_complete=True, rounds=0),
    ):
        sink(event)

    assert stream.getvalue().splitlines() == [
        "▶ team  Ralph with 2 members",
        "✓ team  Ann completed html, css: 7 of 7",
        "✗ team  Bob, js: It ended with exit code 1: line 3",
        "● team  done after 0.25 s · 7 rounds · 7 tokens · price unknown",
        "● team  done after 0.25 s · 7 tokens · price unknown",
    ]
