"""The log has a line for each event that operators want to see."""

import logging

import pytest

from toolyard.core.context import Event
from toolyard.events import types
from toolyard.events.log import LOGGED, log_event

EVENTS = [
    types.CallStarted("add", "ann", None),
    types.CallFinished("add", "ann", None, 0.1, "ok"),
    types.RequestRefused("rate", 429, "10.0.0.1", "/mcp"),
    types.ConnectionCut("slow", "10.0.0.1"),
    types.ServerStarted("it", "http://127.0.0.1:1/mcp"),
    types.ServerStopping("it", 1.0, 0),
    types.ServerStopped("it", 0),
    types.MountChanged("far", "ready", None),
    types.SettingsRead("toolyard.toml", ["far"], None),
    types.ToolHidden("add", "far", "near"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_is_logged_is_what_says_something(
    event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "toolyard"):
        log_event(event)
    assert bool(caplog.records) == (type(event) in LOGGED)


def test_every_event_is_known_here() -> None:
    kinds = {each for each in vars(types).values() if isinstance(each, type)}
    assert {each for each in kinds if issubclass(each, Event) and each is not Event} == {
        type(event) for event in EVENTS
    }


def test_a_call_that_went_well_is_not_written_where_only_warnings_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "toolyard"):
        log_event(types.CallFinished("add", "ann", None, 0.1, "ok"))
        log_event(types.CallFinished("add", "ann", None, 0.1, "error"))
    assert [record.getMessage() for record in caplog.records] == ["add error in 100.0 ms for ann"]
