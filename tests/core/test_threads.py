import asyncio
import contextvars
import threading

import anyio
import anyio.from_thread
import pytest

from toolyard.core.errors import ConfigError
from toolyard.core.threads import Threads, _grant_in_loop

current: contextvars.ContextVar[str] = contextvars.ContextVar("current")


class Gate:
    """A function that waits in its thread until it is let go."""

    def __init__(self) -> None:
        self.entered = anyio.Event()
        self.open = threading.Event()

    def __call__(self) -> str:
        anyio.from_thread.run_sync(self.entered.set)
        assert self.open.wait(5)
        return "through"


async def test_a_function_runs_in_another_thread_with_the_callers_variables() -> None:
    current.set("mine")
    seen = await Threads(1).run(lambda: (current.get(), threading.get_ident()))
    assert seen[0] == "mine"
    assert seen[1] != threading.get_ident()


async def test_what_the_function_raises_is_raised() -> None:
    threads = Threads(1)
    for _ in range(3):  # and its slot is free again each time
        with anyio.fail_after(5), pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)


async def test_a_generator_exit_does_not_close_the_coroutine_that_waits() -> None:
    def leave() -> None:
        raise GeneratorExit

    threads = Threads(1)
    for _ in range(2):
        with anyio.fail_after(5), pytest.raises(RuntimeError, match="GeneratorExit"):
            await threads.run(leave)


async def test_no_more_than_the_limit_run_at_once() -> None:
    threads, running, most, lock = Threads(3), 0, 0, threading.Lock()
    barrier = threading.Barrier(3)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(5)
        with lock:
            running -= 1

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(12):
                group.start_soon(threads.run, work)
    assert most == 3


async def test_a_cancelled_call_returns_at_once_but_keeps_its_slot_until_its_thread_ends() -> None:
    threads, gate, begun = Threads(1), Gate(), anyio.Event()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, gate)
            await gate.entered.wait()
            group.cancel_scope.cancel()

        async def next_call() -> None:
            await threads.run(lambda: anyio.from_thread.run_sync(begun.set))

        async with anyio.create_task_group() as group:
            group.start_soon(next_call)
            await anyio.wait_all_tasks_blocked()
            assert not begun.is_set()
            gate.open.set()
            await begun.wait()


async def test_a_call_cancelled_while_it_waits_leaves_the_queue() -> None:
    threads, gate = Threads(1), Gate()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, gate)
            await gate.entered.wait()
            async with anyio.create_task_group() as waiting:
                waiting.start_soon(threads.run, int)
                await anyio.wait_all_tasks_blocked()
                waiting.cancel_scope.cancel()
            gate.open.set()
        assert await threads.run(lambda: 1) == 1


async def test_a_call_cancelled_before_its_thread_begins_gives_its_slot_back() -> None:
    threads, ran = Threads(1), False

    def work() -> None:
        nonlocal ran
        ran = True

    with anyio.fail_after(5):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await threads.run(work)
        assert await threads.run(lambda: 1) == 1
    assert not ran


async def test_a_slot_granted_to_a_call_that_is_being_cancelled_goes_to_the_next() -> None:
    threads = Threads(1)
    with anyio.fail_after(5):
        await threads._take()
        doomed = asyncio.create_task(threads.run(int))
        await anyio.wait_all_tasks_blocked()
        threads._give_back(_grant_in_loop)
        doomed.cancel()  # anyio's own scopes let a wait that is over end
        assert await threads.run(lambda: 1) == 1
        with pytest.raises(asyncio.CancelledError):
            await doomed


async def test_a_function_can_ask_whether_its_call_was_cancelled() -> None:
    threads, entered, ended = Threads(1), anyio.Event(), threading.Event()

    def work() -> None:
        anyio.from_thread.run_sync(entered.set)
        try:
            while True:
                anyio.from_thread.check_cancelled()
        finally:
            ended.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, work)
            await entered.wait()
            group.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(ended.wait, 5)


def test_the_same_threads_serve_one_event_loop_after_another() -> None:
    threads = Threads(1)

    async def main() -> int:
        return await threads.run(lambda: 1)

    assert anyio.run(main) == anyio.run(main) == 1


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_lets_nothing_run_is_refused(limit: int) -> None:
    with pytest.raises(ConfigError, match="1 or more"):
        Threads(limit)
