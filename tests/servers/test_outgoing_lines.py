"""Writing lines to whatever a process may have as its standard output."""

import fcntl
import os
import pty
import sys
import tty
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from tests.servers.ends import ON_BOTH_LOOPS, Ends, opened, pipe, sockets

from toolyard.servers import outgoing_lines
from toolyard.servers.outgoing_lines import MOST_HELD, lines_to

pytestmark = ON_BOTH_LOOPS


def terminal() -> Ends:
    theirs, ours = pty.openpty()
    tty.setraw(ours)
    return theirs, ours


@pytest.fixture(params=[pipe, sockets, terminal])
def ends(request: pytest.FixtureRequest) -> Generator[Ends]:
    """Where the host reads, and where lines are written."""
    with opened(request.param) as descriptors:
        yield descriptors


def read(source: int, count: int) -> bytes:
    heard = b""
    while len(heard) < count:
        heard += os.read(source, 1 << 16)
    return heard


async def heard(source: int, count: int) -> bytes:
    with anyio.fail_after(10):
        return await anyio.to_thread.run_sync(partial(read, source, count), abandon_on_cancel=True)


async def test_lines_arrive_whole_and_in_order(ends: Ends) -> None:
    source, target = ends
    sent = [b"%d" % number * number + b"\n" for number in (1, 7, 60_000, 3, 8_000, 200_000, 5)]
    async with lines_to(target) as lines, anyio.create_task_group() as tasks:

        async def send_all() -> None:
            for line in sent:
                await lines.send(line)

        tasks.start_soon(send_all)
        assert await heard(source, sum(map(len, sent))) == b"".join(sent)
        assert not fcntl.fcntl(target, fcntl.F_GETFL) & os.O_NONBLOCK


def no_threads(limit: int) -> None:
    raise AssertionError(f"up to {limit} threads may be started")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread writes lines")
@pytest.mark.parametrize("make", [pipe, sockets])
async def test_pipes_and_sockets_are_written_without_a_thread(
    make: Callable[[], Ends], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing_lines, "Threads", no_threads)
    with opened(make) as (source, target):
        async with lines_to(target) as lines:
            for line in (b"a\n", b"x" * 300_000 + b"\n", b"b\n"):
                await lines.send(line)
                assert await heard(source, len(line)) == line


async def test_a_host_that_does_not_read_holds_up_those_who_send_and_nobody_else(
    ends: Ends,
) -> None:
    source, target = ends
    line, sent = b"x" * 9_999 + b"\n", 0
    async with lines_to(target) as lines, anyio.create_task_group() as tasks:

        async def send_many() -> None:
            nonlocal sent
            for _ in range(100):
                await lines.send(line)
                sent += 1

        with anyio.fail_after(10):
            tasks.start_soon(send_many)
            await anyio.wait_all_tasks_blocked()
            assert lines._held <= MOST_HELD + len(line)
            assert sent < 100
            assert await heard(source, 100 * len(line)) == 100 * line
            await lines.all_written()
    assert sent == 100


async def test_one_who_is_cancelled_while_it_waits_sends_nothing(ends: Ends) -> None:
    source, target = ends
    large = b"x" * MOST_HELD + b"\n"
    async with lines_to(target) as lines:
        await lines.send(large)
        with anyio.move_on_after(0.01) as scope:
            await lines.send(b"never\n")
        assert scope.cancelled_caught
        assert await heard(source, len(large)) == large
        await lines.send(b"after\n")
        assert await heard(source, 1) == b"after\n"


@pytest.mark.parametrize("make", [pipe, sockets])
async def test_a_host_that_is_gone_is_told_to_whoever_sends(make: Callable[[], Ends]) -> None:
    source, target = make()
    os.close(source)

    async def say() -> None:
        async with lines_to(target) as lines:
            try:
                await lines.send(b"a\n")
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await lines.all_written()
                    with pytest.raises(anyio.BrokenResourceError):
                        await lines.send(b"b\n")

    with anyio.fail_after(5), pytest.raises(BaseExceptionGroup) as raised:
        await say()
    assert raised.group_contains(BrokenPipeError)
    os.close(target)


async def test_a_file_gets_all(tmp_path: Path) -> None:
    target = os.open(tmp_path / "output", os.O_WRONLY | os.O_CREAT)
    async with lines_to(target) as lines:
        for number in range(500):
            await lines.send(b"%d\n" % number)
        await lines.all_written()
    os.close(target)
    assert (tmp_path / "output").read_text().split() == [str(number) for number in range(500)]


async def test_an_output_that_others_made_not_blocking_gets_all(ends: Ends) -> None:
    source, target = ends
    os.set_blocking(target, False)
    line = b"x" * 300_000 + b"\n"
    async with lines_to(target) as lines:
        await lines.send(line)
        assert await heard(source, len(line)) == line
