"""A caller that is slow to take log entries costs neither memory nor the answer."""

from collections.abc import Mapping
from typing import Any

import anyio
import mcp_types as types
import pytest

from toolyard import CallContext
from toolyard.clients import logs
from toolyard.core.context import LogLevel
from toolyard.core.inputs import InputRequest


class Slow:
    """A channel that takes an entry when it is told to."""

    capabilities: Mapping[str, Any] = {}
    log_level: LogLevel | None = "debug"
    wants_progress = False
    can_ask = False

    def __init__(self, *, is_broken: bool = False) -> None:
        self.is_broken = is_broken
        self.may_take = anyio.Event()
        self.taken: list[Any] = []

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        raise AssertionError(progress)

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        if self.is_broken:
            raise RuntimeError("nobody there")
        await self.may_take.wait()
        self.taken.append(data)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise AssertionError(request)


def entry(data: Any) -> types.LoggingMessageNotificationParams:
    return types.LoggingMessageNotificationParams(level="info", data=data)


async def test_entries_that_nobody_takes_are_kept_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "MOST_BYTES", 100)
    channel = Slow()
    log = logs.CallLog(CallContext(channel=channel))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(log.take, entry(number))
            tasks.start_soon(log.take, entry("x" * 200))
            await anyio.wait_all_tasks_blocked()
            channel.may_take.set()
        assert 0 < len(channel.taken) < 20
        channel.taken.clear()
        await log.take(entry("again"))
    assert channel.taken == ["again"]


async def test_the_answer_waits_for_entries_but_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel, stuck = Slow(), Slow()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            async with logs.logging_to(CallContext(channel=channel)):
                log = logs.calling()
                assert log is not None
                tasks.start_soon(log.take, entry("early"))
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(_release, channel)
            assert channel.taken == ["early"]
            assert logs.calling() is None
            await log.take(entry("late"))
            assert channel.taken == ["early"]

        monkeypatch.setattr(logs, "TAKING_S", 0.05)
        async with anyio.create_task_group() as tasks:
            async with logs.logging_to(CallContext(channel=stuck)):
                log = logs.calling()
                assert log is not None
                tasks.start_soon(log.take, entry("never"))
                await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert stuck.taken == []


async def _release(channel: Slow) -> None:
    await anyio.wait_all_tasks_blocked()
    channel.may_take.set()


async def test_a_caller_that_cannot_be_told_does_no_harm() -> None:
    log = logs.CallLog(CallContext(channel=Slow(is_broken=True)))
    with anyio.fail_after(5):
        await log.take(entry("lost"))
        await log.finish()
