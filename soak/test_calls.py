"""A million calls of every kind, in both eras: what the server holds is the same at their end.

`SOAK=0.1 make soak` makes a tenth of them.
"""

import itertools
import time
from collections.abc import Generator
from statistics import median
from typing import Any

import pytest
from benchmarks.conversation import Call, Conversation, Era, Request
from benchmarks.serving import GUARDS
from benchmarks.wire import parse
from tests.servers.harness import TOKEN
from tests.support.process import free_port, running
from tests.support.serving import COMMAND

from soak.test_server import MIB, TIMES, Soaked, times

CALLS = times(1_000_000)
ERAS: tuple[Era, ...] = ("modern", "legacy")
CALLERS = 16
EVERY = 101
"""Calls until it starts over; a prime number, so that each caller comes to do all of it."""
LOOKS = 20
"""How often the server is looked at; the first quarter of them is its warming up."""
GOOD = Call("calculator", {"expression": "1 + 2"}, {"result": 3})
FAILING: dict[str, Any] = {"name": "calculator", "arguments": {"expression": "1 / 0"}}
UNKNOWN: dict[str, Any] = {"name": "no_such_tool", "arguments": {}}
LONGEST_S = 25 * 60 * max(1, TIMES)
pytestmark = pytest.mark.timeout(LONGEST_S + 120)


class Caller:
    """One client after another, each of which calls well, wrongly and in vain."""

    def __init__(self, port: int, era: Era) -> None:
        self._port = port
        self._era: Era = era
        self._expected = b""
        self._greet()

    def send(self, number: int) -> None:
        """Send what is due for the call of this number."""
        kind = number % EVERY
        if kind == 0:
            self.leave()
            self._greet()
        if kind == 1:
            self._try_a_wrong_token()
        request, self._expected = self._kinds[kind if kind < 10 else -1]
        self._conversation.connection.send(request.numbered(next(self._conversation.ids)))

    def receive(self) -> None:
        """Wait for the answer, which must be the one that is due."""
        while (answer := self._conversation.connection.receive()) is None:
            pass
        assert self._expected in answer, answer[:600]

    def leave(self) -> None:
        """End the session, if there is one, and hang up."""
        self._conversation.end_session()
        self._conversation.connection.close()

    def _greet(self) -> None:
        self._conversation = Conversation(self._port, TOKEN, self._era)
        good = self._prepared(GOOD.params), b'"structuredContent":{"result":3.0}'
        failing = self._prepared(FAILING), b'"isError":true'
        unknown = self._prepared(UNKNOWN), b'"code":-32602'
        self._kinds = [good, good, *[failing] * 5, *[unknown] * 3, good]

    def _prepared(self, params: dict[str, Any]) -> Request:
        return self._conversation.prepare("tools/call", params)

    def _try_a_wrong_token(self) -> None:
        stranger = Conversation(self._port, "a-wrong-token-" + "x" * 30, "modern")
        request = stranger.prepare("tools/call", GOOD.params).numbered(next(stranger.ids))
        assert parse(stranger.connection.exchange(request)).status in (401, 429)
        stranger.connection.close()


@pytest.fixture
def server() -> Generator[Soaked]:
    port = free_port()
    command = [COMMAND, "serve", "calculator", "--port", str(port), "--token", TOKEN, "--quiet"]
    with running([*command, *GUARDS]) as started:
        started.answers(f"http://127.0.0.1:{port}/healthz")
        yield Soaked(port, started._process.pid)


def test_a_million_calls_of_every_kind_leave_nothing_behind(server: Soaked) -> None:
    eras = itertools.cycle(ERAS)
    callers = [Caller(server.port, next(eras)) for _ in range(CALLERS)]
    looks: list[tuple[int, int, int]] = []
    began = time.monotonic()
    for look in range(LOOKS):
        for first in range(look * CALLS // LOOKS, (look + 1) * CALLS // LOOKS, CALLERS):
            for number, caller in enumerate(callers, first):
                caller.send(number)
            for caller in callers:
                caller.receive()
        looks.append((server.rss, server.descriptors, server.threads))
        done, passed_s = (look + 1) * CALLS // LOOKS, time.monotonic() - began
        print(
            f"\n{done:,} calls, {done / passed_s:,.0f} per second, {looks[-1][0] / MIB:.2f} MiB, "
            f"descriptors {looks[-1][1]}, threads {looks[-1][2]}",
            end="",
            flush=True,
        )
        assert passed_s < LONGEST_S, f"{CALLS:,} calls take longer than {LONGEST_S:,.0f} s."
    for caller in callers:
        caller.leave()

    warm = looks[LOOKS // 4 :]
    third = len(warm) // 3
    grown = median(rss for rss, *_ in warm[-third:]) - median(rss for rss, *_ in warm[:third])
    print(f"\n{CALLS:,} calls: {grown / MIB:+.2f} MiB once warm")
    assert grown < 2 * MIB
    assert max(fds for _, fds, _ in warm) - min(fds for _, fds, _ in warm) <= 2
    assert warm[-1][2] <= warm[0][2]
