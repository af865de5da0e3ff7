import logging

import pytest

from toolyard.core.context import Event
from toolyard.events.bus import EventBus
from toolyard.events.types import CallFinished, CallStarted, ServerStopped

HAPPENED = CallStarted("add", "ann", None)


def test_every_handler_hears_every_event_in_the_order_they_were_added() -> None:
    bus, heard = EventBus(), list[tuple[str, Event]]()
    bus.add(lambda event: heard.append(("first", event)))
    bus.add(lambda event: heard.append(("second", event)))

    bus.emit(HAPPENED)

    assert heard == [("first", HAPPENED), ("second", HAPPENED)]


def test_a_handler_that_fails_is_logged_and_does_not_stop_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("a bug")

    bus, heard = EventBus(), list[Event]()
    bus.add(broken)
    bus.add(heard.append)

    bus.emit(HAPPENED)

    assert heard == [HAPPENED]
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.ERROR, "toolyard.events")
    assert "CallStarted" in record.getMessage()


def test_a_handler_hears_the_kinds_that_it_wants() -> None:
    bus, heard, everything = EventBus(), list[Event](), list[Event]()
    stopped = ServerStopped("it", 0)
    bus.add(heard.append, ServerStopped, CallFinished)
    assert not bus.of(CallStarted)

    for event in (HAPPENED, stopped):
        bus.emit(event)
    bus.add(everything.append, Event)
    for event in (HAPPENED, stopped):
        bus.emit(event)

    assert heard == [stopped, stopped]
    assert everything == [HAPPENED, stopped]


def test_without_handlers_nothing_happens() -> None:
    EventBus().emit(HAPPENED)
