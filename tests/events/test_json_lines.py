"""What is written of events is read again as it was, whatever else is in the file."""

import json
import logging
import os
import sys
import threading
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.events.examples import HOSTILE, example, hostile, kinds
from tests.support.process import run

from toolyard.core.context import Event
from toolyard.core.errors import ConfigError, StoreFull, StoreUnavailable, StoreUnusable
from toolyard.events.agent_events import SendCompleted, ToolCallDetected
from toolyard.events.json_lines import JsonLines, RecordedEvent, events_in
from toolyard.events.json_safe import json_safe
from toolyard.events.types import CallStarted

STARTED = CallStarted("add", "ann", None)
DONE = example(SendCompleted)


def detected(parameters: dict[str, Any]) -> Event:
    return example(ToolCallDetected, parameters=parameters)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_event_is_read_as_it_was_written(kind: type[Event], tmp_path: Path) -> None:
    path, events = tmp_path / "new" / "events.jsonl", [example(kind), hostile(kind)]
    before = datetime.now(UTC) - timedelta(seconds=1)
    with JsonLines(path) as sink:
        for event in events:
            sink(event)
    written = path.read_text()
    recorded = list(events_in(path))

    assert [each.event for each in recorded] == events
    assert all(before <= each.time <= before + timedelta(seconds=60) for each in recorded)
    assert written.count("\n") == 2
    assert written.replace("\n", "").isascii()
    assert written.replace("\n", "").isprintable()
    first = json.loads(written.splitlines()[0])
    assert list(first) == [
        "event",
        "time",
        *(each.name for each in fields(kind) if each.name != "at"),
    ]
    assert first["event"] == kind.__name__
    assert first["time"].endswith("Z")


def test_a_record_says_when_it_happened_and_not_when_it_was_written(tmp_path: Path) -> None:
    long_ago = example(SendCompleted, at=1_700_000_000.25)
    with JsonLines(tmp_path / "events.jsonl") as sink:
        sink(long_ago)
    [recorded] = events_in(tmp_path / "events.jsonl")
    assert recorded.time == datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)
    assert isinstance(recorded.event, SendCompleted)
    assert recorded.event.at == 1_700_000_000.25


def test_only_the_owner_can_read_it_and_more_is_added(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for _ in range(2):
        with JsonLines(path) as sink:
            sink(STARTED)
            assert len(list(events_in(path))) > 0  # nothing is kept back
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.event for each in events_in(path)] == [STARTED, STARTED]


class Key:
    def __repr__(self) -> str:
        return "a secret"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"\x00" * 12, "<12 bytes>"),
        (Decimal("0.10"), "0.10"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (date(2026, 11, 26), "2026-11-26"),
        (Key(), "<Key>"),
        ({1: (Key(), {2})}, {"1": ["<Key>", [2]]}),
        (10**5000, "<16610 bits>"),
        ("\ud800", "\ud800"),
        (None, None),
        (True, True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_say_is_shown_safely(value: object, shown: object, tmp_path: Path) -> None:
    with JsonLines(tmp_path / "events.jsonl") as sink:
        sink(detected({"it": value}))
    (read,) = events_in(tmp_path / "events.jsonl")
    assert read.event == detected({"it": shown})


def test_what_holds_itself_ends_somewhere() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "…" in str(json_safe(endless))


def test_a_number_that_json_has_not_is_a_number_again(tmp_path: Path) -> None:
    event = example(SendCompleted, cost_usd=float("-inf"), duration_s=float("inf"))
    with JsonLines(tmp_path / "events.jsonl") as sink:
        sink(event)
    assert [each.event for each in events_in(tmp_path / "events.jsonl")] == [event]


def test_half_a_line_and_other_things_are_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "events.jsonl"
    strange = ["[]", "1", "{}", '{"event": "os.system"}', "[" * 10_000, '{"event": "CallStarted"}']
    path.write_text("\n".join([*strange, "", '{"event": "CallSt']))  # as if killed in the middle
    with JsonLines(path) as sink:
        sink(STARTED)

    assert [each.event for each in events_in(path)] == [STARTED]
    assert len(caplog.records) == len(strange) + 1
    assert caplog.messages[-1] == "line 8 of events.jsonl is no event that is known"


@dataclass(frozen=True)
class Rung(Event):
    times: int


def test_events_of_others_are_read_by_whoever_names_them(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonLines(path) as sink:
        sink(Rung(3))
    assert list(events_in(path)) == []
    (read,) = events_in(path, Rung)
    assert read == RecordedEvent(read.time, Rung(3))


def test_several_write_to_one_file_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with JsonLines(path) as first, JsonLines(path) as second:
        threads = [
            threading.Thread(target=sink, args=(hostile(ToolCallDetected),))
            for sink in [first, second] * 20
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(10)
    assert len(list(events_in(path))) == 40


def test_what_cannot_be_written_or_read_says_so_without_the_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        JsonLines(tmp_path)
    assert str(refused.value) == f"{tmp_path.name} cannot be written: Is a directory."
    with pytest.raises(StoreUnusable) as unreadable:
        list(events_in(tmp_path / "none.jsonl"))
    assert str(unreadable.value) == "none.jsonl cannot be read: No such file or directory."
    sink = JsonLines(tmp_path / "events.jsonl")
    sink.close()
    sink.close()
    with pytest.raises(StoreUnavailable, match=r"events\.jsonl was closed"):
        sink(STARTED)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with JsonLines("/dev/full") as sink, pytest.raises(StoreFull, match="No space left"):
        sink(STARTED)


def test_it_closes_when_nobody_has_it_any_more(tmp_path: Path) -> None:
    sink = JsonLines(tmp_path / "events.jsonl")
    file = sink._file
    os.fstat(file)
    del sink
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


LAST_EVENTS = """
import sys, time
from toolyard import CallStarted, Delivery, JsonLines

def slow(event):
    time.sleep(0.05)
    sink(event)

delivery, sink = Delivery(slow), JsonLines(sys.argv[1])
for each in "abc":
    delivery(CallStarted(each, "ann", None))
"""


def test_what_is_delivered_as_the_process_ends_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    finished = run([sys.executable, "-c", LAST_EVENTS, str(path)])
    assert (finished.code, finished.errors) == (0, "")
    assert [each.event for each in events_in(path)] == [
        CallStarted(each, "ann", None) for each in "abc"
    ]


def test_nothing_is_logged_of_a_file_that_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), JsonLines(tmp_path / "events.jsonl") as sink:
        sink(CallStarted(HOSTILE, "ann", None))
        list(events_in(tmp_path / "events.jsonl"))
    assert not caplog.records
