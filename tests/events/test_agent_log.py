"""The log tells what agents do, and nothing of what was said."""

import logging
from dataclasses import fields

import pytest
from tests.events.examples import HOSTILE, example, hostile, kinds

from toolyard.core.context import Event
from toolyard.events.agent_events import (
    AgentEvent,
    LLMCallCompleted,
    LLMContentDelta,
    LLMReasoningDelta,
    SendCompleted,
    SendFailed,
    ToolExecutionCompleted,
)
from toolyard.events.log import log_event

AGENTS = [each for each in kinds() if issubclass(each, AgentEvent)]
SAID = "the very words"
CONTENTS = {"message_preview", "text", "parameters", "result"}


@pytest.mark.parametrize("kind", AGENTS, ids=lambda kind: kind.__name__)
def test_an_event_is_one_line_without_contents(
    kind: type[Event], caplog: pytest.LogCaptureFixture
) -> None:
    said = {each.name: SAID for each in fields(kind) if each.name in CONTENTS}
    if "parameters" in said:
        said["parameters"] = {SAID: SAID}  # pyright: ignore[reportArgumentType]
    with caplog.at_level(logging.DEBUG, "toolyard"):
        log_event(example(kind, **said))
        log_event(example(kind, **said, success=False, error=SAID))
        log_event(hostile(kind))

    assert bool(caplog.records) == (kind not in (LLMContentDelta, LLMReasoningDelta))
    told = [each for each in caplog.messages if kind is not SendFailed]
    assert SAID not in "".join(told)
    assert all(each.isprintable() for each in caplog.messages)


def test_ends_are_for_operators_and_failures_stand_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "toolyard"):
        log_event(example(ToolExecutionCompleted))
        log_event(example(ToolExecutionCompleted, success=False, error="no", agent_name="ann"))
        log_event(example(SendCompleted, agent_name="ann", cost_usd=0.5))
        log_event(example(SendFailed, agent_name="ann", error="It broke."))
        log_event(example(SendFailed, agent_name="ann", error="cancelled"))
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "ann: the tool grüße 😀 failed after 0.250 s, with 2 characters"),
        ("INFO", "ann answered in 0.2 s: 7 tool calls, 7 tokens, $0.5000, 7 bytes"),
        ("WARNING", "ann gave no answer: It broke."),
        ("INFO", "ann gave no answer: cancelled"),
    ]


def test_numbers_are_in_the_record(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "toolyard"):
        log_event(example(LLMCallCompleted, model="openai:gpt", agent_name=HOSTILE))
    (record,) = caplog.records
    known = vars(record)
    assert (known["model"], known["tokens"], known["latency_s"]) == ("openai:gpt", 7, 0.25)
    assert known["agent"] == HOSTILE
