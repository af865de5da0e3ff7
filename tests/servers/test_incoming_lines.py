"""Reading lines from whatever a process may have as its standard input."""

import fcntl
import os
import pty
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import anyio
import pytest
from tests.servers.ends import ON_BOTH_LOOPS, Ends, opened, pipe, sockets

from toolyard.servers import incoming_lines
from toolyard.servers.incoming_lines import HeardLines, lines_of

pytestmark = ON_BOTH_LOOPS


def terminal() -> Ends:
    theirs, ours = pty.openpty()
    return ours, theirs


@pytest.fixture(params=[pipe, sockets, terminal])
def ends(request: pytest.FixtureRequest) -> Generator[Ends]:
    """Where lines are read, and where they are written."""
    with opened(request.param) as descriptors:
        yield descriptors


async def taken(lines: HeardLines, count: int) -> list[bytes]:
    with anyio.fail_after(5):
        return [await anext(lines) for _ in range(count)]


async def test_lines_are_heard_as_they_come(ends: Ends) -> None:
    source, target = ends
    async with lines_of(source) as lines:
        for number in range(3):
            os.write(target, b"line %d\n" % number)
            assert await taken(lines, 1) == [b"line %d" % number]
        os.write(target, b"a\nb\n\n \nhalf ")
        assert await taken(lines, 2) == [b"a", b"b"]
        os.write(target, b"and half\n")
        assert await taken(lines, 1) == [b"half and half"]


def no_thread(*arguments: object, **options: object) -> None:
    raise AssertionError("a thread was started")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread waits for lines")
@pytest.mark.parametrize("make", [pipe, sockets])
async def test_pipes_and_sockets_are_heard_without_a_thread(
    make: Callable[[], Ends], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_lines, "Thread", no_thread)
    with opened(make) as (source, target):
        async with lines_of(source) as lines:
            for line in (b"a", b"x" * 50_000, b"b"):
                os.write(target, line + b"\n")
                assert await taken(lines, 1) == [line]


async def test_whether_others_find_the_input_blocking_stays_as_it_is(ends: Ends) -> None:
    source, target = ends
    async with lines_of(source) as lines:
        os.write(target, b"a\n")
        await taken(lines, 1)
        assert not fcntl.fcntl(source, fcntl.F_GETFL) & os.O_NONBLOCK


async def test_an_input_that_others_made_not_blocking_is_heard_too(ends: Ends) -> None:
    source, target = ends
    os.set_blocking(source, False)
    async with lines_of(source) as lines:
        os.write(target, b"a\n")
        assert await taken(lines, 1) == [b"a"]


async def test_nothing_ends_a_wait_but_the_end(ends: Ends) -> None:
    async with lines_of(ends[0]) as lines, anyio.create_task_group() as tasks:
        with anyio.fail_after(5):

            async def hear() -> None:
                assert [line async for line in lines] == []
                tasks.cancel_scope.cancel()

            tasks.start_soon(hear)
            await anyio.wait_all_tasks_blocked()
            lines.end()
            await anyio.sleep_forever()


async def test_nothing_is_given_after_the_end_was_declared() -> None:
    source, target = pipe()
    os.write(target, b"a\nb\n")
    async with lines_of(source) as lines:
        assert await taken(lines, 1) == [b"a"]
        lines.end()
        lines.feed(b"read meanwhile\n")
        assert [line async for line in lines] == []
    os.close(source)
    os.close(target)


ODD = b"\n \r\n a\rb \r\n\x0b\n\xff\nlast"
HEARD = [b" a\rb \r", b"\xff", b"last"]


@pytest.mark.parametrize("make", [pipe, sockets])
async def test_the_last_line_needs_no_end(make: Callable[[], Ends]) -> None:
    source, target = make()
    os.write(target, ODD)
    os.close(target)
    async with lines_of(source) as lines:
        with anyio.fail_after(5):
            assert [line async for line in lines] == HEARD
    os.close(source)


async def test_a_file_is_heard_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(ODD + b"x" * 200_000)
    source = os.open(tmp_path / "input", os.O_RDONLY)
    async with lines_of(source) as lines:
        with anyio.fail_after(5):
            heard = [line async for line in lines]
    os.close(source)
    assert heard == [*HEARD[:-1], b"last" + b"x" * 200_000]


async def test_no_file_at_all_is_at_its_end() -> None:
    source = os.open(os.devnull, os.O_RDONLY)
    async with lines_of(source) as lines:
        with anyio.fail_after(5):
            assert [line async for line in lines] == []
    os.close(source)


async def test_a_terminal_that_is_gone_is_at_its_end() -> None:
    source, target = terminal()
    async with lines_of(source) as lines:
        os.close(target)
        with anyio.fail_after(5):
            assert [line async for line in lines] == []
    os.close(source)


@pytest.mark.parametrize("make", [pipe, sockets])
async def test_no_more_is_read_than_is_taken(make: Callable[[], Ends]) -> None:
    source, target = make()
    os.set_blocking(target, False)

    def fill() -> int:
        written = 0
        try:
            while True:
                written += os.write(target, b"0123456\n" * 512)
        except BlockingIOError:
            return written

    async with lines_of(source) as lines:
        count = fill() // 8
        await taken(lines, 1)
        count += fill() // 8
        await anyio.wait_all_tasks_blocked()
        assert fill() == 0
        assert await taken(lines, count - 1) == [b"0123456"] * (count - 1)
    os.close(source)
    os.close(target)
