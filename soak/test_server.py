"""A server under many clients, bad and good, for long: its memory, descriptors and patience.

`make soak` runs it; `SOAK=10 make soak` makes ten times as many of everything. Traffic goes to the
loopback only, and ends by itself.
"""

import contextlib
import json
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
import pytest
from anyio.to_thread import run_sync
from tests.servers.harness import (
    ACCEPT,
    INITIALIZE,
    TOKEN,
    call,
    head,
    legacy,
    open_session,
)
from tests.support.process import free_port, running
from tests.support.serving import COMMAND

TIMES = float(os.environ.get("SOAK", "1"))
MIB = 1 << 20
pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))


def times(count: int) -> int:
    """`count`, as often as was asked for."""
    return max(1, int(count * TIMES))


@dataclass(frozen=True)
class Soaked:
    """A server process that is looked at from outside."""

    port: int
    pid: int

    @property
    def rss(self) -> int:
        """Bytes of memory it holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    @property
    def descriptors(self) -> int:
        """How many it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def threads(self) -> int:
        """How many it runs."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    @asynccontextmanager
    async def client(self, token: str | None = TOKEN) -> AsyncGenerator[httpx2.AsyncClient]:
        """A client whose relative URLs lead here."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", headers=headers, trust_env=False, timeout=60
        ) as http:
            yield http

    async def answers_within(self, seconds: float) -> float:
        """How long a new client waits for its answer."""
        began = time.monotonic()
        with anyio.fail_after(seconds):
            async with self.client() as http:
                assert (await call(http, "calculator", expression="1+1")).status_code == 200
        return time.monotonic() - began


@pytest.fixture
async def server() -> AsyncGenerator[Soaked]:
    port = free_port()
    limits = [f"--limit={each}" for each in ("connections=6000", "connections_per_address=5500")]
    command = [COMMAND, "serve", "calculator", "--port", str(port), "--token", TOKEN, "-q", *limits]
    with running(command) as started:
        started.answers(f"http://127.0.0.1:{port}/healthz")
        yield Soaked(port, started._process.pid)


async def in_turns(count: int, workers: int, work: Callable[[int], Awaitable[None]]) -> None:
    """Do `work` `count` times, `workers` at once."""
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    async with anyio.create_task_group() as tasks:
        for _ in range(workers):
            tasks.start_soon(worker)


async def test_calls_without_end_leave_nothing_behind(server: Soaked) -> None:
    """S6: once warm, less than 1 MiB for 100,000 calls; errors and new clients among them."""
    async with server.client() as http:

        async def work(number: int) -> None:
            expression = "1/0" if number % 10 == 0 else f"{number}+1"
            answer = await call(http, "calculator", expression=expression)
            assert answer.status_code == 200

        await in_turns(20_000, 16, work)
        before = server.rss, server.descriptors, server.threads
        count = times(40_000)
        await in_turns(count, 16, work)
        after = server.rss, server.descriptors, server.threads

    print(f"\n{count} calls: {(after[0] - before[0]) / MIB:.2f} MiB more")
    assert after[0] - before[0] < max(2 * MIB, count / 100_000 * MIB)
    assert abs(after[1] - before[1]) <= 2
    assert after[2] <= before[2] + 1


async def test_sessions_that_are_opened_and_dropped_leave_nothing_behind(server: Soaked) -> None:
    """A6: sessions of the handshake revisions, ended properly or refused at the cap."""
    async with server.client() as http:

        async def work(number: int) -> None:
            del number
            session = await open_session(http)
            await http.delete("/mcp", headers=session)

        await in_turns(3_000, 8, work)
        before = server.rss
        await in_turns(times(5_000), 8, work)
        after = server.rss
        for _ in range(1_200):  # and these are left open: the cap holds
            body = legacy("initialize", INITIALIZE)
            await http.post("/mcp", content=body, headers=ACCEPT)

    print(f"\n{times(5_000)} sessions: {(after - before) / MIB:.2f} MiB more")
    assert after - before < 4 * MIB * max(1, TIMES)
    await server.answers_within(2)


async def test_a_huge_body_of_a_stranger_costs_nothing(server: Soaked) -> None:
    """A6: 100 MB without a token."""
    before = server.rss

    async def flood() -> AsyncGenerator[bytes]:
        for _ in range(100):
            yield b"x" * 1_000_000

    async with server.client(None) as http:
        with contextlib.suppress(httpx2.TransportError):  # refused before it was sent
            assert (await http.post("/mcp", content=flood())).status_code == 401
    assert server.rss - before < 5 * MIB
    await server.answers_within(1)


async def test_a_thousand_slow_clients_hold_nobody_up(server: Soaked) -> None:
    """A16: slow headers and slow bodies; a new client is served within a second."""
    async with AsyncExitStack() as open_streams:
        for number in range(1_000):
            stream = await open_streams.enter_async_context(
                await anyio.connect_tcp("127.0.0.1", server.port)
            )
            slow_body = head(
                "POST", "/mcp", f"Authorization: Bearer {TOKEN}", "Content-Length: 1000"
            )
            await stream.send(slow_body + b"[" if number % 2 else b"GET / HTTP/1.1\r\nA: ")
        waited = await server.answers_within(1)
    print(f"\n1,000 slow clients: a new one waited {waited * 1000:.0f} ms")


async def test_idle_connections_are_cheap_and_slow_nobody_down(server: Soaked) -> None:
    """S4, at what one process may open here: 5,000 idle ones, each under 20 kB."""
    alone = [await server.answers_within(5) for _ in range(20)]
    before = server.rss
    async with AsyncExitStack() as open_streams:
        for _ in range(5_000):
            stream = await open_streams.enter_async_context(
                await anyio.connect_tcp("127.0.0.1", server.port)
            )
            await stream.send(head())
            await stream.receive()
        each = (server.rss - before) / 5_000
        crowded = [await server.answers_within(5) for _ in range(20)]

    print(f"\n5,000 idle: {each:.0f} bytes each; {sorted(crowded)[10] / sorted(alone)[10]:.2f}x")
    assert each < 20_000
    assert sorted(crowded)[10] < 3 * sorted(alone)[10]


async def test_readers_that_stop_reading_are_cut_and_cost_little(server: Soaked) -> None:
    """S5: pipelines of answers that nobody reads."""
    before = server.rss
    async with AsyncExitStack() as open_streams:
        for _ in range(300):
            stream = await open_streams.enter_async_context(
                await anyio.connect_tcp("127.0.0.1", server.port)
            )
            await stream.send(head("GET", "/nothing", f"Authorization: Bearer {TOKEN}") * 30)
        await server.answers_within(2)
    print(f"\n300 that do not read: {(server.rss - before) / MIB:.1f} MiB")
    assert server.rss - before < 60 * MIB


async def test_tokens_are_read_again_without_a_failure(tmp_path: Path) -> None:
    """A11: the file is replaced again and again while calls go on."""
    file, port = tmp_path / "tokens.jsonl", free_port()
    made = [COMMAND, "token", "new", "--json"]
    out = json.loads((await anyio.run_process(made)).stdout)
    file.write_text(out["line"] + "\n")
    file.chmod(0o600)
    command = [COMMAND, "serve", "calculator", "--port", str(port), "--token-file", str(file), "-q"]
    with running(command) as started:
        await run_sync(started.answers, f"http://127.0.0.1:{port}/healthz")
        served = Soaked(port, started._process.pid)
        over = anyio.Event()

        async def replace() -> None:
            for number in range(times(300)):
                beside = tmp_path / "beside"
                beside.write_text(f"# {number}\n{out['line']}\n")
                beside.chmod(0o600)
                beside.rename(file)
                await anyio.sleep(0.05)
            over.set()

        count = 0
        async with served.client(out["token"]) as http, anyio.create_task_group() as tasks:
            tasks.start_soon(replace)
            while not over.is_set():
                assert (await call(http, "calculator", expression="1")).status_code == 200
                count += 1
    print(f"\n{times(300)} replaced files, {count} calls, none refused")
