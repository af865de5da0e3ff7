"""A run from a file, which is done again without any model or tool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Self

from anyio.to_thread import run_sync

from toolyard.core.errors import JournalError, RunDiverged, UnknownName
from toolyard.storage.journal.call import PERSON, Call, Calls, diverged
from toolyard.storage.journal.failure import error_of
from toolyard.storage.journal.journal import Do, OpenRun, RunRecord, RunState, StepRecord
from toolyard.storage.journal.json_text import canonical_text
from toolyard.storage.journal.keys import StepKey, key_of
from toolyard.storage.journal.recording import read_recording, write_recording


class RecordedJournal:
    """A `Journal` of the one run in a file that `Journal.export` wrote.

    Nothing is ever written to it. A step that is not in it, or was not over, is a `RunDiverged`.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """The file is read when it is entered."""
        self._path = path
        self._recorded: tuple[RunRecord, Sequence[StepRecord]] | None = None

    async def __aenter__(self) -> Self:
        """Read the file; `StoreError` if that cannot be."""
        self._recorded = await run_sync(read_recording, self._path)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._recorded = None

    def open(self, run_id: str, name: str, task: Any) -> OpenRun:
        """As `Journal.open`; `UnknownName` if another run was recorded."""
        record, steps = self._of(run_id)
        if (record.name, canonical_text(record.task, "task")) != (
            name,
            canonical_text(task, "task"),
        ):
            raise RunDiverged(f"The run {run_id!r} was recorded with another name or task.")
        return RecordedRun(record, steps)

    async def runs(
        self, state: RunState | None = None, *, limit: int = 100, after: str | None = None
    ) -> Sequence[RunRecord]:
        """As `Journal.runs`."""
        record, _ = self._read
        is_listed = state in (None, record.state) and after is None and limit > 0
        return [record] if is_listed else []

    async def run(self, run_id: str) -> RunRecord:
        """As `Journal.run`."""
        return self._of(run_id)[0]

    async def steps(self, run_id: str) -> Sequence[StepRecord]:
        """As `Journal.steps`."""
        return self._of(run_id)[1]

    async def export(self, run_id: str, path: str | PathLike[str]) -> None:
        """As `Journal.export`: the same bytes as were read."""
        await run_sync(write_recording, path, *self._of(run_id))

    @property
    def _read(self) -> tuple[RunRecord, Sequence[StepRecord]]:
        if self._recorded is None:
            raise JournalError("The journal is not open: enter it with `async with` first.")
        return self._recorded

    def _of(self, run_id: str) -> tuple[RunRecord, Sequence[StepRecord]]:
        if self._read[0].run_id != run_id:
            raise UnknownName("run", run_id)
        return self._read


class RecordedRun:
    """An `OpenRun` in which everything was done before."""

    def __init__(self, record: RunRecord, steps: Sequence[StepRecord]) -> None:
        self._record = record
        self._steps: Mapping[StepKey, StepRecord] = {
            key_of(each.path, each.name, each.n): each for each in steps
        }
        self._calls = Calls()

    async def __aenter__(self) -> Self:
        """It is nobody's, so that any number may replay it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    @property
    def record(self) -> RunRecord:
        """As `OpenRun.record`, at the end of what was recorded."""
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
        """As `OpenRun.step`; `do` is never called."""
        del do, repeatable
        return self._output(self._calls.call(path, name, n, kind, input))

    async def begin(
        self,
        path: Sequence[str],
        name: str,
        n: int,
        *,
        kind: str,
        input: Any,
        repeatable: bool,
    ) -> RecordedStep:
        """As `OpenRun.begin`; it is always recalled."""
        del repeatable
        return RecordedStep(self._output(self._calls.call(path, name, n, kind, input)))

    async def ask_person(self, path: Sequence[str], name: str, n: int, question: Any) -> Any:
        """As `OpenRun.ask_person`; nobody is asked."""
        return self._output(self._calls.call(path, name, n, PERSON, question))

    async def complete(self, result: Any) -> None:
        """Raise `RunDiverged` unless `result` is what was recorded."""
        if self._record.state != "complete":
            raise RunDiverged(f"The run {self._record.run_id!r} was not complete when recorded.")
        if canonical_text(result, "result") != canonical_text(self._record.result, "result"):
            raise RunDiverged(f"The run {self._record.run_id!r} was recorded with another result.")

    def _output(self, call: Call) -> Any:
        found = self._steps.get(call.key)
        if found is None or found.state in ("intent", "waiting"):
            raise _unknown(call.key)
        if found.input_hash != call.input_hash:
            raise diverged(call.key)
        if found.state == "failed":
            if found.output is None:
                raise _unknown(call.key)
            raise error_of(json.dumps(found.output))
        return found.output


class RecordedStep:
    """A `BegunStep` that was done."""

    is_recalled = True

    def __init__(self, output: Any) -> None:
        self.output = output

    async def finish(self, output: Any) -> Any:
        """It is done; `JournalError`."""
        raise JournalError("The step was done before, and is only replayed.")

    async def fail(self, error: Exception) -> None:
        """It is done; `JournalError`."""
        raise JournalError("The step was done before, and is only replayed.")


def _unknown(key: StepKey) -> RunDiverged:
    return RunDiverged(f"The run has diverged: it was recorded without an end of the step {key}.")
