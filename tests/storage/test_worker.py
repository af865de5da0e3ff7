"""The thread behind a store that blocks: in order, told together, nobody waits in vain."""

import threading

import anyio
import anyio.lowlevel
import pytest

from toolyard.core.errors import StoreUnavailable
from toolyard.storage.worker import Worker


@pytest.fixture
def worker() -> Worker:
    started = Worker()
    started.start()
    return started


async def test_what_comes_first_is_done_first(worker: Worker) -> None:
    done: list[int] = []
    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(worker.run, lambda number=number: done.append(number))
    assert done == list(range(200))
    worker.stop()


async def test_an_error_comes_to_who_asked(worker: Worker) -> None:
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 1) == 1
    worker.stop()


async def test_who_is_cancelled_returns_and_its_turn_is_passed_over(worker: Worker) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        begun.set()
        go_on.wait(5)
        done.append("first")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run, first)
        await anyio.to_thread.run_sync(begun.wait)
        tasks.start_soon(worker.run, lambda: done.append("second"))
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    go_on.set()
    assert await worker.run(lambda: "third") == "third"
    assert done == ["first"]  # what had begun went on to its end
    worker.stop()


async def test_it_serves_two_event_loops(worker: Worker) -> None:
    def elsewhere() -> list[int]:
        async def ask() -> list[int]:
            return [await worker.run(lambda number=number: number) for number in range(50)]

        return anyio.run(ask)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(anyio.to_thread.run_sync, elsewhere)
        for number in range(50):
            assert await worker.run(lambda number=number: number) == number
    worker.stop()


async def test_once_stopped_it_refuses_and_its_thread_is_gone(worker: Worker) -> None:
    thread = await worker.run(threading.current_thread)
    worker.stop()
    thread.join(5)
    assert not thread.is_alive()
    with pytest.raises(StoreUnavailable, match="enter it"):
        await worker.run(lambda: 1)
    worker.start()
    assert await worker.run(lambda: 1) == 1
    worker.stop()
