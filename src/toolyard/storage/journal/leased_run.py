"""A run in a database, executed here as long as its lease is renewed."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import anyio

from toolyard.core.background import Background
from toolyard.core.errors import (
    JournalError,
    RunCancelled,
    RunLost,
    RunPaused,
    StepInDoubt,
    StoreError,
    ToolyardError,
)
from toolyard.storage.journal import run_scripts, step_scripts
from toolyard.storage.journal.call import PERSON, Calls
from toolyard.storage.journal.executor import is_dead, new_owner
from toolyard.storage.journal.failure import error_of, kept, members, reasons
from toolyard.storage.journal.journal import Do, RunRecord, StepState
from toolyard.storage.journal.json_text import json_text
from toolyard.storage.journal.keys import StepKey
from toolyard.storage.journal.run_scripts import Hold, Start
from toolyard.storage.journal.script import JournalDatabase

logger = logging.getLogger("toolyard.storage")

GRACE_S = 30.0
"""What is in flight may take so long to end when the run is paused."""

FIRST_LOOK_S, LAST_LOOK_S = 0.05, 2.0
"""How soon an answer is looked for at first, and after some time."""

_NOT_FAILED = (RunPaused, RunCancelled, RunLost)
"""How a run ends that somebody else has stopped."""


class LeasedRun:
    """An `OpenRun` in a database; a `StoredJournal` makes it."""

    def __init__(self, database: JournalDatabase, start: Start, lease_s: float) -> None:
        self._database = database
        self._start = start
        self._lease_s = lease_s
        self._background = Background()
        self._hold: Hold | None = None
        self._stopped: RunCancelled | RunLost | None = None
        """Why it was ended from outside."""
        self._record: RunRecord | None = None
        self._calls = Calls()
        self._failures = list[tuple[Exception, StepKey]]()
        self._in_flight = WeakSet[LeasedStep]()
        """What was begun here and may still be ended."""

    async def __aenter__(self) -> Self:
        """As `OpenRun.__aenter__`."""
        owner, start, lease_s = new_owner(), self._start, self._lease_s
        self._hold, self._record = await self._database.change(
            lambda now: run_scripts.take(now, start, owner, lease_s, is_dead)
        )
        try:
            tasks = await self._background.__aenter__()
        except BaseException:  # a cancellation too: whoever did not enter does not leave
            await self._give_back(None)
            raise
        tasks.start_soon(self._watch, tasks.cancel_scope)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        try:
            is_ended_here = await self._background.__aexit__(kind, error, traceback)
        finally:
            await self._give_back(self._stopped or error)
        if is_ended_here and self._stopped is not None:
            raise self._stopped
        return is_ended_here

    @property
    def record(self) -> RunRecord:
        """As `OpenRun.record`."""
        if self._record is None:
            raise JournalError("The run is not open: enter it with `async with` first.")
        return self._record

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
        """As `OpenRun.step`."""
        step = await self.begin(path, name, n, kind=kind, input=input, repeatable=repeatable)
        if step.is_recalled:
            return step.output
        try:
            output = await do()
        except Exception as error:
            await step.fail(error)
            raise
        else:
            return await step.finish(output)
        finally:
            self._in_flight.discard(step)

    async def begin(
        self,
        path: Sequence[str],
        name: str,
        n: int,
        *,
        kind: str,
        input: Any,
        repeatable: bool,
    ) -> LeasedStep:
        """As `OpenRun.begin`."""
        call = self._calls.call(path, name, n, kind, input)
        hold = self._held
        async with self._settling():
            found = await self._database.change(
                lambda now: step_scripts.begin(now, hold, call, repeatable=repeatable)
            )
        match found.verdict:
            case "raise":
                failure = error_of(found.output or "")
                self.note(failure, call.key)
                raise failure
            case "doubt":
                raise StepInDoubt(
                    f"The run was interrupted during the step {call.key}, which may have been done "
                    "and cannot be done twice; it was not done again."
                )
            case _:
                output = json.loads(found.output or "null")
                is_recalled = found.verdict == "recall"
                step = LeasedStep(self, call.key, is_recalled=is_recalled, output=output)
                if not is_recalled:
                    self._in_flight.add(step)
                return step

    async def end(self, step: LeasedStep, state: StepState, output: str | None) -> None:
        """Write down what came of a step."""
        hold = self._held
        with anyio.CancelScope(shield=True):  # it was done, so it is kept; a database has its time
            await self._database.change(
                lambda now: step_scripts.finish(now, hold, step.key, state, output)
            )
        self._in_flight.discard(step)

    @asynccontextmanager
    async def _settling(self) -> AsyncGenerator[None]:
        """Have others end what they do first, if the run is paused: that would be in doubt."""
        try:
            yield
        except RunPaused:
            own = anyio.get_current_task().id  # what it is a part of cannot end before it
            with anyio.move_on_after(GRACE_S):
                # Some end without a word, so there is nothing that could be waited for.
                while any(each.task_id != own for each in self._in_flight):  # noqa: ASYNC110
                    await anyio.sleep(FIRST_LOOK_S)
            raise

    def note(self, error: Exception, key: StepKey) -> None:
        """Remember whose error it is: if it ends the run, that step is done anew."""
        self._failures.append((error, key))

    async def ask_person(self, path: Sequence[str], name: str, n: int, question: Any) -> Any:
        """As `OpenRun.ask_person`."""
        call = self._calls.call(path, name, n, PERSON, question)
        hold = self._held
        async with self._settling():
            found = await self._database.change(lambda now: step_scripts.ask(now, hold, call))
            pause_s = FIRST_LOOK_S
            while found.verdict == "wait":
                await anyio.sleep(pause_s)
                pause_s = min(pause_s * 1.5, LAST_LOOK_S)
                with suppress(StoreError):  # it may be back the next time; a person takes longer
                    found = await self._database.read(lambda now: step_scripts.look(hold, call.key))
        return json.loads(found.output or "null")

    async def complete(self, result: Any) -> None:
        """As `OpenRun.complete`."""
        hold, text = self._held, json_text(result, "result of the run")
        await self._database.change(lambda now: run_scripts.complete(now, hold, text))

    @property
    def _held(self) -> Hold:
        if self._hold is None:
            raise JournalError("The run is not open: enter it with `async with` first.")
        return self._hold

    async def _watch(self, everything: anyio.CancelScope) -> None:
        """Renew the lease, and end everything once the run is cancelled or somebody else's."""
        hold, lease_s = self._held, self._lease_s
        renewed = anyio.current_time()
        while True:
            await anyio.sleep(min(lease_s / 3, LAST_LOOK_S))
            try:
                if anyio.current_time() >= renewed + lease_s / 3:
                    await self._database.change(lambda now: run_scripts.renew(now, hold, lease_s))
                    renewed = anyio.current_time()
                with suppress(RunPaused):  # the next step says so, and what is in flight ends
                    await self._database.read(lambda now: run_scripts.going_on(hold))
            except (RunCancelled, RunLost) as error:
                self._stopped = error
                everything.cancel()
                return
            except StoreError as error:  # the next time may be in time
                logger.warning("the lease of a run was not renewed: %s", error)

    async def _give_back(self, error: BaseException | None) -> None:
        """Let others have the run, which failed if `error` says so."""
        hold, self._hold = self._held, None
        has_failed = isinstance(error, Exception) and not any(
            isinstance(each, _NOT_FAILED) for each in reasons(error)
        )
        sentence = json.dumps(_sentence(error)) if error and has_failed else None
        try:
            with anyio.CancelScope(shield=True):
                if error and has_failed:
                    await self._forget(hold, error)
                await self._database.change(lambda now: run_scripts.give_back(now, hold, sentence))
        except ToolyardError as problem:  # the lease ends by itself; what ended the run is raised
            logger.warning("a run was not given back: %s", problem)

    async def _forget(self, hold: Hold, error: BaseException) -> None:
        """Have the steps whose errors ended the run be done anew when it is opened again."""
        guilty = {id(each) for each in reasons(error)}
        keys = [key for failure, key in self._failures if id(failure) in guilty]
        if keys:
            await self._database.change(lambda now: step_scripts.forget_failures(now, hold, keys))


def _sentence(error: BaseException) -> str:
    if several := members(error):
        return " ".join(map(_sentence, several))
    if isinstance(error, ToolyardError):
        return str(error)
    return f"It ran into an unexpected {type(error).__name__}."


class LeasedStep:
    """A `BegunStep` of a `LeasedRun`."""

    def __init__(self, run: LeasedRun, key: StepKey, *, is_recalled: bool, output: Any) -> None:
        self._run = run
        self.key = key
        self.is_recalled = is_recalled
        self.task_id = anyio.get_current_task().id
        """Of the task that began it."""
        self.output = output

    async def finish(self, output: Any) -> Any:
        """As `BegunStep.finish`."""
        try:
            text = json_text(output, f"result of the step {self.key}")
        except JournalError as error:
            await self.fail(error)
            raise
        await self._run.end(self, "done", text)
        self.output = json.loads(text)
        return self.output

    async def fail(self, error: Exception) -> None:
        """As `BegunStep.fail`."""
        self._run.note(error, self.key)
        await self._run.end(self, "failed", kept(error))
