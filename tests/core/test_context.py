import asyncio
import math
import threading

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from toolyard.core.context import CallContext
from toolyard.core.threads import Threads


async def test_the_time_that_remains_is_known_in_a_thread_too() -> None:
    context = CallContext(deadline=anyio.current_time() + 60)
    for remaining in (context.remaining_s, await Threads(1).run(lambda: context.remaining_s)):
        assert 50 < remaining <= 60
    assert CallContext(deadline=0).remaining_s == 0
    assert CallContext().remaining_s == math.inf


async def test_a_cancelled_call_ends_in_its_thread_where_it_asks() -> None:
    entered, cancelled, released = anyio.Event(), threading.Event(), threading.Event()

    def work() -> None:
        anyio.from_thread.run_sync(entered.set)
        assert released.wait(5)
        try:
            CallContext().check_cancelled()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(Threads(1).run, work)
            await entered.wait()
            group.cancel_scope.cancel()
    released.set()
    assert cancelled.wait(5)


async def test_asking_in_the_event_loop_changes_nothing() -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        CallContext().check_cancelled()
        with pytest.raises(asyncio.CancelledError):
            await anyio.lowlevel.checkpoint()
