import asyncio
import contextvars
import gc
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.from_thread
import pytest

from toolyard.core import worker_thread
from toolyard.core.errors import ConfigError
from toolyard.core.threads import Threads

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


async def test_a_call_cancelled_while_it_waits_never_runs_and_lets_the_next_one_through() -> None:
    threads, gate, ran = Threads(1), Gate(), list[str]()
    with anyio.fail_after(5):
        first = asyncio.create_task(threads.run(gate))
        await gate.entered.wait()
        doomed = [asyncio.create_task(threads.run(lambda: ran.append("doomed"))) for _ in range(9)]
        after = asyncio.create_task(threads.run(lambda: ran.append("after")))
        await anyio.wait_all_tasks_blocked()
        for each in doomed:
            each.cancel()
        gate.open.set()
        await asyncio.gather(first, after)
    assert ran == ["after"]


async def test_abandoned_calls_that_wait_for_a_thread_leave_nothing_behind() -> None:
    threads, gate = Threads(1), Gate()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, gate)
            await gate.entered.wait()
            for _ in range(20):
                with anyio.move_on_after(0.001):
                    await threads.run(int)
            assert not threads._calls
            gate.open.set()


async def test_calls_begin_in_the_order_in_which_they_came() -> None:
    threads, began = Threads(1), list[int]()
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(threads.run, lambda number=number: began.append(number))
    assert began == [*range(20)]


async def test_quick_calls_one_after_the_other_need_one_thread() -> None:
    threads = Threads(8)
    assert len({await threads.run(threading.get_ident) for _ in range(100)}) == 1


async def test_anyio_finds_in_a_thread_what_it_finds_in_its_own() -> None:
    """Where this fails, anyio looks elsewhere than `run_for_anyio` puts it."""
    loop = asyncio.get_running_loop()

    async def now() -> tuple[object, float]:
        return asyncio.get_running_loop(), anyio.current_time()

    def work() -> tuple[object, bool]:
        anyio.from_thread.check_cancelled()
        there, before = anyio.from_thread.run(now)
        with pytest.raises(anyio.NoEventLoopError):
            anyio.current_time()
        return there, before <= anyio.from_thread.run_sync(anyio.current_time)

    assert await Threads(1).run(work) == (loop, True)


async def test_what_a_function_runs_in_the_event_loop_is_cancelled_with_its_call() -> None:
    threads, entered, cancelled = Threads(1), anyio.Event(), anyio.Event()

    async def hang() -> None:
        entered.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, lambda: anyio.from_thread.run(hang))
            await entered.wait()
            group.cancel_scope.cancel()
        await cancelled.wait()


async def test_a_shielded_call_does_not_count_as_cancelled() -> None:
    threads, gate = Threads(1), Gate()

    def work() -> str:
        gate()
        anyio.from_thread.check_cancelled()
        return "unharmed"

    async def shielded() -> None:
        with anyio.CancelScope(shield=True):
            assert await threads.run(work) == "unharmed"

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(shielded)
            await gate.entered.wait()
            group.cancel_scope.cancel()
            gate.open.set()


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


def test_the_same_threads_serve_two_event_loops_at_once() -> None:
    threads, meeting = Threads(2), threading.Barrier(2)

    async def main() -> int:
        return sum([await threads.run(lambda: meeting.wait(5)) for _ in range(50)])

    with ThreadPoolExecutor() as loops:
        sums = [loops.submit(anyio.run, main) for _ in range(2)]
        assert sum(each.result(10) for each in sums) == 50  # of every two, one is 1


def test_a_function_that_ends_after_its_event_loop_harms_nobody() -> None:
    threads, go_on, ended = Threads(1), threading.Event(), threading.Event()

    def work() -> None:
        assert go_on.wait(5)
        ended.set()

    async def abandon() -> None:
        with anyio.move_on_after(0.01):
            await threads.run(work)

    async def main() -> int:
        with anyio.fail_after(5):
            return await threads.run(lambda: 1)

    anyio.run(abandon)
    go_on.set()
    assert ended.wait(5)
    assert anyio.run(main) == 1


async def test_a_stop_iteration_is_raised_as_what_a_coroutine_can_raise() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await Threads(1).run(lambda: next(iter(())))


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_ends_a_program_ends_it_from_a_thread_too(kind: type[BaseException]) -> None:
    def leave() -> None:
        raise kind

    with pytest.raises(kind):
        anyio.run(Threads(1).run, leave)


async def test_an_error_is_gone_once_it_was_handled() -> None:
    class Telling(Exception):
        pass

    def fail() -> None:
        raise Telling

    gc.disable()  # the collector must not be needed
    try:
        with pytest.raises(Telling) as told:
            await Threads(1).run(fail)
        error = weakref.ref(told.value)
        del told
        assert error() is None
    finally:
        gc.enable()


async def test_threads_that_have_nothing_to_do_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_thread, "IDLE_S", 0.01)
    threads = Threads(1)
    thread = await threads.run(threading.current_thread)
    await anyio.to_thread.run_sync(thread.join, 5)
    assert not thread.is_alive()
    assert await threads.run(threading.current_thread) is not thread


PROGRAM = """
import os, threading, time
import anyio
from toolyard.core.threads import Threads

threads = Threads(2)

def work():
    time.sleep(0.3)
    print("written to its end")

async def main():
    await threads.run(int)
    {}

anyio.run(main)
print("left")
"""
ABANDON = """with anyio.move_on_after(0.05):
        await threads.run(work)"""


@pytest.mark.parametrize(
    ("last", "said"),
    [("", ["left"]), (ABANDON, ["left", "written to its end"])],
)
def test_the_process_waits_for_functions_but_not_for_threads(last: str, said: list[str]) -> None:
    command = [sys.executable, "-c", PROGRAM.format(last)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=8, check=True)
    assert (ended.stdout.splitlines(), ended.stderr) == (said, "")


FORKS = """
import os
import anyio
from toolyard.core.threads import Threads

threads = Threads(1)
anyio.run(threads.run, int)
child = os.fork()
anyio.run(threads.run, lambda: os.write(1, b"served\\n"))
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_a_fork_starts_threads_of_its_own() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKS]  # later Pythons warn of any fork
    ended = subprocess.run(command, capture_output=True, text=True, timeout=8, check=True)
    assert ended.stdout.splitlines() == ["served", "served"]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_lets_nothing_run_is_refused(limit: int) -> None:
    with pytest.raises(ConfigError, match="1 or more"):
        Threads(limit)
