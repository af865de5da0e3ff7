"""A journal that kills this process before or after one of its changes."""

import os
import signal
from collections.abc import Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Self

from toolyard.storage.journal.journal import (
    BegunStep,
    Do,
    DurableJournal,
    OpenRun,
    RunRecord,
    RunState,
    StepRecord,
)


class Points:
    """Counts the moments at which a run may be killed, and kills it at one of them."""

    def __init__(self, last: int = 0) -> None:
        """As described; nothing is killed at 0."""
        self.count = 0
        self._last = last

    def reach(self) -> None:
        """Be at the next."""
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


class KilledJournal:
    """A `Journal` whose runs are at a point before each change and after it."""

    def __init__(self, journal: DurableJournal, points: Points) -> None:
        self._journal = journal
        self._points = points

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def open(self, run_id: str, name: str, task: Any) -> OpenRun:
        return KilledRun(self._journal.open(run_id, name, task), self._points)

    async def runs(
        self, state: RunState | None = None, *, limit: int = 100, after: str | None = None
    ) -> Sequence[RunRecord]:
        return await self._journal.runs(state, limit=limit, after=after)

    async def run(self, run_id: str) -> RunRecord:
        return await self._journal.run(run_id)

    async def steps(self, run_id: str) -> Sequence[StepRecord]:
        return await self._journal.steps(run_id)

    async def export(self, run_id: str, path: str | PathLike[str]) -> None:
        await self._journal.export(run_id, path)


class KilledRun:
    """An `OpenRun` that is at a point before each change and after it."""

    def __init__(self, run: OpenRun, points: Points) -> None:
        self._run = run
        self._points = points

    async def __aenter__(self) -> Self:
        self._points.reach()
        await self._run.__aenter__()
        self._points.reach()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._points.reach()
        left = await self._run.__aexit__(kind, error, traceback)
        self._points.reach()
        return left

    @property
    def record(self) -> RunRecord:
        return self._run.record

    async def step(
        self,
        path: Sequence[str],
        name: str,
        n: int,
        *,
        kind: str,
        input: Any,
        do: Do,
        repeatable: bool,
    ) -> Any:
        async def done() -> Any:
            self._points.reach()  # it is written down that it is begun
            output = await do()
            self._points.reach()  # it is not yet written down that it is done
            return output

        self._points.reach()
        output = await self._run.step(
            path, name, n, kind=kind, input=input, do=done, repeatable=repeatable
        )
        self._points.reach()
        return output

    async def begin(
        self,
        path: Sequence[str],
        name: str,
        n: int,
        *,
        kind: str,
        input: Any,
        repeatable: bool,
    ) -> BegunStep:
        self._points.reach()
        step = await self._run.begin(path, name, n, kind=kind, input=input, repeatable=repeatable)
        self._points.reach()
        return KilledStep(step, self._points)

    async def ask_person(self, path: Sequence[str], name: str, n: int, question: Any) -> Any:
        return await self._run.ask_person(path, name, n, question)

    async def complete(self, result: Any) -> None:
        self._points.reach()
        await self._run.complete(result)
        self._points.reach()


class KilledStep:
    """A `BegunStep` that is at a point before its end and after it."""

    def __init__(self, step: BegunStep, points: Points) -> None:
        self._step = step
        self._points = points

    @property
    def is_recalled(self) -> bool:
        return self._step.is_recalled

    @property
    def output(self) -> Any:
        return self._step.output

    async def finish(self, output: Any) -> Any:
        self._points.reach()
        kept = await self._step.finish(output)
        self._points.reach()
        return kept

    async def fail(self, error: Exception) -> None:
        self._points.reach()
        await self._step.fail(error)
        self._points.reach()
