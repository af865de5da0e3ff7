"""A handler may be slow, broken or stuck; whoever emits does not notice."""

import functools
import logging
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from textwrap import dedent
from typing import Any, ClassVar

import pytest
from tests.support.process import run

from toolyard.core.context import Event
from toolyard.core.errors import ConfigError
from toolyard.events import delivery as module
from toolyard.events.bus import EventBus
from toolyard.events.delivery import Delivery
from toolyard.events.types import CallStarted

SOON_S = 10.0


def numbered(number: int) -> CallStarted:
    return CallStarted(str(number), "ann", None)


def test_a_slow_handler_delays_nobody_and_hears_all_in_order() -> None:
    go, heard = threading.Event(), list[Event]()

    def slow(event: Event) -> None:
        go.wait(SOON_S) if len(heard) > 3 else time.sleep(0.05)
        heard.append(event)

    bus, quick, sent = EventBus(), list[Event](), [numbered(each) for each in range(1000)]
    delivery = Delivery(slow)
    bus.add(delivery)
    bus.add(quick.append)
    started = time.perf_counter()
    for event in sent:
        bus.emit(event)
    took = time.perf_counter() - started
    assert took < 0.5  # of 50 s, were it waited for
    assert quick == sent
    assert not delivery.settle(0.01)

    go.set()
    assert delivery.settle(SOON_S)
    assert heard == sent
    assert delivery.dropped == 0


@pytest.mark.parametrize("error", [RuntimeError("a bug"), SystemExit(3)], ids=repr)
def test_a_broken_handler_is_logged_and_hears_the_next_event(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    heard = list[Event]()

    def broken(event: Event) -> None:
        heard.append(event)
        raise error

    delivery = Delivery(broken)
    for each in range(3):
        delivery(numbered(each))

    assert delivery.settle(SOON_S)
    assert heard == [numbered(each) for each in range(3)]
    assert [(record.levelno, record.name) for record in caplog.records] == [
        (logging.ERROR, "toolyard.events")
    ] * 3
    assert "CallStarted" in caplog.text


def test_a_handler_may_emit_take_locks_and_settle_others() -> None:
    lock, heard = threading.RLock(), list[Event]()
    other = Delivery(heard.append)

    def busy(event: Event) -> None:
        with lock:
            if isinstance(event, CallStarted) and event.tool in ("0", "1", "2"):
                bus.emit(CallStarted(event.tool + "x", event.caller, None))
            assert other.settle(SOON_S)
            assert not delivery.settle(SOON_S)  # or it would wait for itself

    bus, delivery = EventBus(), Delivery(busy)
    bus.add(delivery)
    bus.add(other)
    with lock:
        for each in range(5):
            bus.emit(numbered(each))
    assert delivery.settle(SOON_S)
    assert delivery.settle(SOON_S)
    assert {event.tool for event in heard if isinstance(event, CallStarted)} >= {"4", "0x", "2x"}


def test_what_is_too_much_is_left_out_counted_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go, taken, heard = threading.Event(), threading.Event(), list[Event]()

    def stuck(event: Event) -> None:
        taken.set()
        go.wait(SOON_S)
        heard.append(event)

    delivery = Delivery(stuck, most_waiting=10)
    delivery(numbered(0))
    assert taken.wait(SOON_S)
    for each in range(1, 31):
        delivery(numbered(each))
    assert delivery.dropped == 20
    go.set()

    assert delivery.settle(SOON_S)
    assert heard == [numbered(each) for each in range(11)]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_its_thread_ends_by_itself_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.01)
    threads = list[threading.Thread]()
    delivery = Delivery(lambda event: threads.append(threading.current_thread()))
    for each in range(3):
        delivery(numbered(each))
        assert delivery.settle(SOON_S)
        threads[-1].join(SOON_S)
        assert not threads[-1].is_alive()
    assert len(set(threads)) == 3
    assert not set(threads) & set(module._at_work)


def test_no_event_is_lost_where_threads_end_while_others_emit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.0)  # it ends after nearly every event
    heard = list[Event]()
    delivery = Delivery(heard.append)

    def emit(first: int) -> None:
        for each in range(first, first + 500):
            delivery(numbered(each))

    emitters = [threading.Thread(target=emit, args=(each * 500,)) for each in range(4)]
    for each in emitters:
        each.start()
    for each in emitters:
        each.join(SOON_S)
    assert delivery.settle(SOON_S)
    numbers = [int(event.tool) for event in heard if isinstance(event, CallStarted)]
    assert sorted(numbers) == list(range(2000))
    for first in range(0, 2000, 500):
        assert [each for each in numbers if first <= each < first + 500] == list(
            range(first, first + 500)
        )


class LateQueue(SimpleQueue[Any]):
    """One that gets an event just when its thread has given up."""

    late: ClassVar = [numbered(1)]

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return super().get(block, timeout)
        except Empty:
            if self.late:
                self.put(self.late.pop())
            raise


def test_an_event_is_delivered_that_comes_as_the_thread_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.01)
    monkeypatch.setattr(module, "SimpleQueue", LateQueue)
    arrived = threading.Event()
    delivery = Delivery(lambda event: arrived.set() if event == numbered(1) else None)
    delivery(numbered(0))
    assert arrived.wait(SOON_S)


def test_many_of_them_without_work_have_no_thread() -> None:
    before = set(threading.enumerate())
    assert all(Delivery(print).settle(0) for _ in range(1000))
    assert before.issuperset(threading.enumerate())  # some from earlier tests may end meanwhile


async def test_the_event_loop_goes_on_while_it_settles() -> None:
    go = threading.Event()
    delivery = Delivery(lambda event: assert_true(go.wait(SOON_S)))
    delivery(numbered(0))
    assert not await delivery.settled(0.01)
    go.set()
    assert await delivery.settled(SOON_S)


def assert_true(claim: bool) -> None:
    assert claim


async def coroutine(event: Event) -> None:
    del event


class Callable:
    async def __call__(self, event: Event) -> None:
        del event


@pytest.mark.parametrize(
    "handler", [coroutine, functools.partial(coroutine), Callable(), Callable().__call__, 7]
)
def test_what_no_thread_can_call_is_refused(handler: Any) -> None:
    with pytest.raises(ConfigError, match="An event handler is"):
        Delivery(handler)


def test_nothing_may_wait_is_refused() -> None:
    with pytest.raises(ConfigError, match="most_waiting is 0"):
        Delivery(print, most_waiting=0)


SCRIPT = """
import sys, time
from toolyard.events import delivery
from toolyard.events.types import CallStarted

def slow(event):
    time.sleep({pause_s})
    print(event.tool, flush=True)

delivery.LAST_WAIT_S = {wait_s}
handed = delivery.Delivery(slow)
for each in range(5):
    handed(CallStarted(str(each), "ann", None))
"""


def test_the_end_of_the_process_waits_for_what_is_left() -> None:
    finished = run([sys.executable, "-c", SCRIPT.format(pause_s=0.05, wait_s=20)])
    assert (finished.code, finished.output.split()) == (0, list("01234")), finished


def test_the_end_of_the_process_does_not_wait_for_ever() -> None:
    finished = run([sys.executable, "-c", SCRIPT.format(pause_s=60, wait_s=0.1)], timeout_s=20)
    assert (finished.code, finished.output) == (0, ""), finished


def test_a_forked_process_delivers_its_own_events_only(tmp_path: Path) -> None:
    script = tmp_path / "forked.py"
    script.write_text(
        dedent("""
        import os, threading, warnings
        from toolyard.events.delivery import Delivery
        from toolyard.events.types import CallStarted

        warnings.simplefilter("ignore")
        go, parent = threading.Event(), os.getpid()

        def handler(event):
            if os.getpid() == parent:
                go.wait(20)
            os.write(1, f"{os.getpid() == parent} {event.tool}\\n".encode())

        delivery = Delivery(handler)
        for each in "ab":
            delivery(CallStarted(each, "ann", None))
        child = os.fork()
        if not child:
            delivery(CallStarted("c", "ann", None))
            os._exit(not delivery.settle(10))
        assert os.waitpid(child, 0)[1] == 0
        go.set()
        """)
    )
    finished = run([sys.executable, str(script)])
    assert finished.code == 0, finished
    assert finished.output.splitlines() == ["False c", "True a", "True b"]
