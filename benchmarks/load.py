"""The load: clients that each send their next call as soon as the last one is answered."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.conversation import ADD, Call, Conversation, Era
from benchmarks.machine import busy_s
from benchmarks.server_process import ServerProcess
from benchmarks.wire import WAIT_S, BenchmarkError

WARM_UP_S = 0.15
_GOOD = b"HTTP/1.1 200 "


@dataclass(frozen=True)
class Cost:
    """What a stretch of work took."""

    seconds: float
    server_cpu_s: float
    load_share: float
    """How busy the load itself was, 0 to 1: near 1 it may be what limits the rate."""
    others: float
    """Cores that everything else on the machine used meanwhile."""


class Meter:
    """Starts when made; `read` gives what was used since."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._others = busy_s()
        self._own = time.process_time()
        self._cpu = server.cpu_s()
        self._started = time.perf_counter()

    def read(self) -> Cost:
        """What was used since the start."""
        seconds = time.perf_counter() - self._started
        cpu = self._server.cpu_s() - self._cpu
        own = time.process_time() - self._own
        others = busy_s() - self._others - cpu - own
        return Cost(seconds, cpu, own / seconds, max(0.0, others / seconds))


@dataclass(frozen=True)
class Burst:
    """The calls of one stretch of load."""

    took_s: list[float]
    cost: Cost

    def quantile_ms(self, share: float) -> float:
        """The time within which `share` of the calls were answered."""
        ordered = sorted(self.took_s)
        return ordered[min(len(ordered), math.ceil(share * len(ordered))) - 1] * 1000


class _Client:
    """One conversation that repeats the call."""

    def __init__(self, conversation: Conversation, call: Call) -> None:
        self.connection = conversation.connection
        self._ids = conversation.ids
        self._call = conversation.prepare("tools/call", call.params)
        self._results = call.written
        self._sent = 0.0

    def send(self) -> None:
        request = self._call.numbered(next(self._ids))
        self._sent = time.perf_counter()
        self.connection.send(request)

    def receive(self) -> float | None:
        """Seconds the call took, or None while its answer is incomplete."""
        answer = self.connection.receive()
        if answer is None:
            return None
        took = time.perf_counter() - self._sent
        if not answer.startswith(_GOOD) or not any(result in answer for result in self._results):
            raise BenchmarkError(f"A call failed under load: {answer[:600]!r}")
        return took


@contextmanager
def clients(
    server: ServerProcess, era: Era, count: int, call: Call = ADD
) -> Generator[list[Conversation]]:
    """`count` conversations with `server`, checked before and after what is done with them."""
    conversations: list[Conversation] = []
    try:
        while len(conversations) < count:
            conversations.append(Conversation(server.port, server.token, era))
        conversations[0].check(call)
        yield conversations
        conversations[0].check(call)
        for conversation in conversations:
            conversation.end_session()
    finally:
        for conversation in conversations:
            conversation.connection.close()


def run(
    server: ServerProcess,
    conversations: Sequence[Conversation],
    seconds: float,
    at_least: int = 1,
    call: Call = ADD,
) -> Burst:
    """Let all call at once for `seconds`, and longer if fewer than `at_least` calls were done."""
    callers = [_Client(conversation, call) for conversation in conversations]
    _drive(server, callers, WARM_UP_S, 1)
    return _drive(server, callers, seconds, at_least)


def _drive(
    server: ServerProcess, callers: Sequence[_Client], seconds: float, at_least: int
) -> Burst:
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        for caller in callers:
            selector.register(caller.connection.socket, selectors.EVENT_READ, caller)
        meter = Meter(server)
        until = time.perf_counter() + seconds
        for caller in callers:
            caller.send()
        while (now := time.perf_counter()) < until or len(took) < at_least:
            if now > until + WAIT_S:
                raise BenchmarkError(f"{server.peer.name} is too slow to be measured.")
            took += _answered(selector)
        cost = meter.read()
        _drain(callers)
    return Burst(took, cost)


def _answered(selector: selectors.BaseSelector) -> Iterator[float]:
    """The calls answered now; each caller goes on with its next one."""
    for key, _ in selector.select(WAIT_S):
        caller: _Client = key.data
        took = caller.receive()
        if took is not None:
            caller.send()
            yield took


def _drain(callers: Sequence[_Client]) -> None:
    for caller in callers:
        while caller.receive() is None:
            pass
