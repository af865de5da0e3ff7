"""What a journal keeps of runs and their steps, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Protocol, Self

RunState = Literal["running", "paused", "waiting", "cancelled", "complete", "failed"]
"""A run that waits does so for a person; one that failed may be opened again and goes on."""

StepState = Literal["intent", "done", "failed", "waiting"]
"""A step was begun, or is over, or waits for a person. `intent` is what a crash leaves behind."""

Do = Callable[[], Awaitable[Any]]
"""What a step does: it gives a JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a journal holds of a run; times are seconds since 1970."""

    run_id: str
    name: str
    task: Any
    """A JSON value."""
    state: RunState
    owner: str | None
    """Who executes it; `None` if nobody does."""
    fence: int
    """How often it was opened."""
    lease_until: float | None
    """Until when nobody else may execute it."""
    forked_from: str | None
    forked_at_step: int | None
    result: Any
    """A JSON value; `None` before it is complete."""
    error: str | None
    """Why it failed, as a sentence."""
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What a journal holds of a step; its key in the run is (`path`, `name`, `n`)."""

    seq: int
    """Steps that were begun later have a higher one."""
    path: tuple[str, ...]
    """The scopes that it was made in, the outermost first."""
    name: str
    n: int
    kind: str
    input_hash: str
    input: Any
    state: StepState
    output: Any
    """A JSON value; of a failed step what is known of its error."""
    attempts: int
    """How often it was begun."""
    is_flagged: bool
    """Whether it was in flight when the run was interrupted, so that it may have been done twice
    or never."""
    begun_at: float
    ended_at: float | None


class BegunStep(Protocol):
    """A step that was done before, or is done now by whoever began it."""

    @property
    def is_recalled(self) -> bool:
        """Whether it was done before."""
        ...

    @property
    def output(self) -> Any:
        """What it gave; `None` before it is done."""
        ...

    async def finish(self, output: Any) -> Any:
        """Keep what it gave, a JSON value; the same as it will be recalled."""
        ...

    async def fail(self, error: Exception) -> None:
        """Keep that it failed; whoever did it raises the error."""
        ...


class StepKeeper(Protocol):
    """What keeps the steps of a run that is executed."""

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
        """What the step gave when it was done, or gives now; its key is used once while open.

        That it is begun is on the disk before `do` is called, what it gave before this returns.
        An error of `do` that ended the run is forgotten when the run is opened again: the step is
        then done anew. One that was dealt with is raised again, as far as it is of a model or a
        tool, so that what was done because of it still fits.

        Args:
            path: The scopes it is made in. Parallel parts of a run have paths of their own.
            name: What it is called there.
            n: Which of that name there, from 0.
            kind: `model`, `tool`, or another word for whoever looks at the run.
            input: A JSON value that all which `do` gives depends on.
            do: Gives a JSON value.
            repeatable: Whether it may be done again if the run was interrupted meanwhile.

        Raises:
            RunPaused: Somebody paused the run.
            RunCancelled: Somebody cancelled it.
            RunLost: Somebody else executes it; what `do` gave is not kept.
            RunDiverged: The step was begun with another input.
            StepInDoubt: It is not repeatable, and the run was interrupted while it was done.
            Exception: Whatever `do` raises.
        """
        ...

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
        """As `step`, for what is not done in one piece: it is to be finished, or has failed."""
        ...

    async def ask_person(self, path: Sequence[str], name: str, n: int, question: Any) -> Any:
        """What somebody answers through `DurableJournal.answer`, be it after days.

        Raises:
            RunPaused: Somebody paused the run.
            RunCancelled: Somebody cancelled it.
            RunLost: Somebody else executes it.
            RunDiverged: Something else was asked there.
        """
        ...


class OpenRun(StepKeeper, Protocol):
    """A run that is executed here, from entering it to leaving it.

    Left with an error it is `failed`; left by a cancellation or unfinished it stays as it is. It
    goes on where it was when it is opened again.
    """

    async def __aenter__(self) -> Self:
        """Take the run.

        Raises:
            RunTaken: Somebody else executes it.
            RunPaused: It is paused; resume it first.
            RunCancelled: It was cancelled.
            RunDiverged: It was begun with another name or task.
        """
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None: ...

    @property
    def record(self) -> RunRecord:
        """How the run was when it was taken: one that is complete has its result."""
        ...

    async def complete(self, result: Any) -> None:
        """Keep `result`, a JSON value; the run is over.

        Raises:
            RunLost: Somebody else executes it.
            RunDiverged: It was complete, with another result.
        """
        ...


class Journal(Protocol):
    """Where runs are kept; entered before it is used."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None: ...

    def open(self, run_id: str, name: str, task: Any) -> OpenRun:
        """A run that is new, or is gone on with; it is taken once it is entered.

        Args:
            run_id: Up to 200 letters, digits and `_.:-`.
            name: What is executed.
            task: A JSON value; the same as before for a run that is gone on with.
        """
        ...

    async def runs(
        self, state: RunState | None = None, *, limit: int = 100, after: str | None = None
    ) -> Sequence[RunRecord]:
        """Runs, the newest first.

        Args:
            state: Only those in this state.
            limit: At most so many, up to 1000.
            after: The `run_id` of the last that was seen.
        """
        ...

    async def run(self, run_id: str) -> RunRecord:
        """What is known of a run; `UnknownName` if there is none."""
        ...

    async def steps(self, run_id: str) -> Sequence[StepRecord]:
        """All steps of a run as they were begun; `UnknownName` if there is no such run."""
        ...

    async def export(self, run_id: str, path: str | PathLike[str]) -> None:
        """Write a run with its steps to a file, for `RecordedJournal`; one there is replaced.

        Raises:
            UnknownName: There is no such run.
            StoreError: The file cannot be written.
        """
        ...


class DurableJournal(Journal, Protocol):
    """A journal that runs can be changed in, from any process."""

    async def answer(self, run_id: str, path: Sequence[str], name: str, n: int, value: Any) -> None:
        """Answer what a run asks a person; `JournalError` if that is not asked (any more)."""
        ...

    async def pause(self, run_id: str) -> None:
        """Have the run end before its next step; `JournalError` if it is over.

        Steps that are in flight then are ended first, if that takes no longer than half a minute.
        """
        ...

    async def resume(self, run_id: str) -> None:
        """Let a paused run be opened again; `JournalError` if it is not paused."""
        ...

    async def cancel(self, run_id: str) -> None:
        """Have the run end for good, within seconds; `JournalError` if it is over."""
        ...

    async def fork(self, run_id: str, before: int, new_run_id: str) -> None:
        """Make a run with all that `run_id` had done before a step; it is opened like any other.

        Args:
            run_id: It stays as it is.
            before: The `seq` of the step, which is done anew and with it all that comes later.
            new_run_id: Of the new run.

        Raises:
            UnknownName: There is no such run, or it has no such step.
            JournalError: There is a run `new_run_id` already.
        """
        ...

    async def delete(self, run_id: str) -> None:
        """Forget a run and its steps; `RunTaken` while it is executed."""
        ...
