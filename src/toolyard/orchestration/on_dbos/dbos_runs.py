"""Durable runs on DBOS: members work in any of several processes, and what dies is gone on with."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

import anyio

from toolyard.core.background import Background
from toolyard.core.errors import ConfigError, RunDiverged, StoreError, UnknownName
from toolyard.events.bus import EventBus
from toolyard.llm.session import Said
from toolyard.orchestration import elsewhere
from toolyard.orchestration.on_dbos.doing import Doing, Listener
from toolyard.orchestration.on_dbos.endings import Endings, given_to
from toolyard.orchestration.on_dbos.kept_steps import flagged_in
from toolyard.orchestration.on_dbos.parts import Parts
from toolyard.orchestration.on_dbos.run_records import names_of, record_of
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.run_json import read_task, written_task
from toolyard.orchestration.workflow import Workflow
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.journal.executor import new_owner
from toolyard.storage.journal.journal import RunRecord, RunState
from toolyard.storage.journal.json_text import canonical_text
from toolyard.storage.journal.keys import checked_run_id, key_of

if TYPE_CHECKING:
    from dbos import WorkflowStatus

    from toolyard.orchestration.on_dbos.service import Service

logger = logging.getLogger("toolyard.orchestration")

VERSION = "toolyard-1"
"""DBOS goes on with runs of this version only. Left to itself it would take one from the source of
its workflows, and leave all runs where they are when a line is changed."""
SEARCH_S = 5.0
"""How often is looked for runs of dead processes."""


class DbosRuns:
    """Does durable runs of workflows on DBOS while it is entered; there is one in a process.

    A run is a workflow of DBOS, and so is each time that a member is asked in it; the queue of
    DBOS gives those to any process that has entered the same workflows on the same database. What
    models and tools answer are their steps. A run whose process dies is gone on with by another of
    the same machine, or by whoever is entered next with its `executor_id`.

    The agents are entered by their owners, in each process, before this is.
    """

    def __init__(
        self,
        workflows: Sequence[Workflow],
        *,
        url: str,
        queue_workers: int = 10,
        executor_id: str | None = None,
        version: str = VERSION,
    ) -> None:
        """As described.

        Args:
            workflows: What may be run; each process on the database has the same.
            url: `sqlite:PATH`, or a URL of PostgreSQL.
            queue_workers: So many members may be at work in each process at the same time, as the
                process says that was entered last; 0 for a process where none are.
            executor_id: By which this process is known when it comes back on another machine, or
                in another container. Two that live must not have the same. One is made if not
                given, by which others of the same machine see when it is dead.
            version: Of all that is done on that database together.

        Raises:
            ConfigError: Two workflows have the same id, or something is out of its range.
        """
        refuse_less(0, queue_workers=queue_workers)
        self._workflows = {each.id: each for each in workflows}
        if len(self._workflows) != len(workflows):
            raise ConfigError("Two workflows have the same id: give one of them another.")
        self._queue_workers = queue_workers
        self._config: dict[str, Any] = {
            "name": "toolyard",
            "system_database_url": _url(url),
            "application_version": version,
            "executor_id": executor_id or _own_id(),
            "log_level": "WARNING",
        }
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Launch DBOS, and go on with what was begun by processes that are dead.

        Raises:
            ConfigError: DBOS is not installed, or is entered by others in this process.
            StoreUnavailable: The database cannot be used.
        """
        try:
            module = import_module("toolyard.orchestration.on_dbos.service")
        except ImportError as error:
            raise ConfigError('Runs on DBOS need: pip install "toolyard[dbos]"') from error
        elsewhere.enter(self)
        async with AsyncExitStack() as exits:
            exits.callback(elsewhere.leave)
            service: Service = module.Service(self._config, queue_workers=self._queue_workers)
            self._service, endings = service, Endings(service.find)
            self._parts = Parts(service, endings)
            service.work = self._doing = Doing(self._workflows, self._parts)
            await exits.enter_async_context(service)
            tasks = await exits.enter_async_context(Background())
            tasks.start_soon(endings.watch)
            tasks.start_soon(self._search)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Leave what is under way to others."""
        return await self._exits.__aexit__(kind, error, traceback)

    async def run(
        self, workflow_id: str, *task: Said, run_id: str | None = None, bus: EventBus | None = None
    ) -> WorkflowResult[Any]:
        """Do a task, as `Workflow.run`; if this is cancelled, the run goes on.

        Args:
            workflow_id: Of one of the workflows.
            task: Texts and pictures.
            run_id: One that is there already is gone on with; a new one is made if not given.
            bus: Hears of what is done in this process.

        Raises:
            RunCancelled: Somebody cancelled it.
            RunDiverged: There is a run of that id with another workflow or task.
            UnknownName: There is no such workflow.
            ToolyardError: It failed.
        """
        team = self._doing.workflow(workflow_id)
        run_id = checked_run_id(run_id or token_hex(8))
        task_text = canonical_text(written_task(task), "task")
        listener = self._doing.listeners[run_id] = Listener(bus or EventBus())
        try:
            await self._parts.run(run_id, (workflow_id, task_text))
        finally:
            self._doing.listeners.pop(run_id, None)
        if listener.result is not None:
            return listener.result
        past = _Past(await self._service.steps(run_id))
        return await self._doing.worked(team, run_id, task_text, listener.bus, past)

    async def runs(
        self, state: RunState | None = None, *, limit: int = 100, after: int = 0
    ) -> Sequence[RunRecord]:
        """Runs, the newest first.

        Args:
            state: Only those in this state; one that was cancelled is `paused`, and one that waits
                for a person `running`.
            limit: At most so many.
            after: So many are left out before.
        """
        names = names_of(state)
        return list(map(record_of, await self._service.runs(names, limit=limit, after=after)))

    async def record(self, run_id: str) -> RunRecord:
        """What is known of a run; `UnknownName` if there is none."""
        return record_of(await self._status(run_id))

    async def task(self, run_id: str) -> Sequence[Said]:
        """What a run was begun with; `UnknownName` if there is no such run."""
        status = await self._status(run_id)
        return read_task(json.loads(given_to(status)[1]))

    async def answer(self, run_id: str, path: Sequence[str], name: str, n: int, value: Any) -> None:
        """As `DurableJournal.answer`; `UnknownName` if that is not asked."""
        asked = f"{run_id}/{key_of(path, name, n)}"
        await self._status(asked)
        await self._service.answer(asked, canonical_text(value, "answer"))

    async def questions(self, run_id: str) -> dict[str, Any]:
        """What people are asked in a run now, by where it is asked."""
        return await self._service.questions(f"{run_id}/")

    async def flagged(self, run_id: str) -> Sequence[str]:
        """Calls that were in flight when a process died, and so were made once more: the places.

        Raises:
            UnknownName: There is no such run.
        """
        await self._status(run_id)
        found = list[str]()
        for part in await self._service.parts(run_id):
            known = flagged_in(await self._service.steps(part))
            found += [f"{part}/{name}".removeprefix(f"{run_id}/") for name in known]
        return sorted(found)

    async def cancel(self, run_id: str) -> None:
        """Have a run end, as soon as each of its parts keeps the next step.

        Raises:
            UnknownName: There is no such run.
        """
        await self._status(run_id)
        await self._service.cancel(run_id)

    async def resume(self, run_id: str) -> None:
        """Go on with a run that was cancelled, in whichever process.

        Raises:
            UnknownName: There is no such run.
        """
        await self._status(run_id)
        await self._service.resume(run_id)

    async def _status(self, workflow_id: str) -> WorkflowStatus:
        found = await self._service.find([workflow_id])
        if not found:
            raise UnknownName("run", workflow_id)
        return found[0]

    async def _search(self) -> NoReturn:
        while True:
            try:
                await self._service.recover()
            except StoreError as error:  # the next time may be in time
                logger.warning("runs of dead processes were not looked for: %s", error)
            await anyio.sleep(SEARCH_S)


@dataclass(frozen=True, slots=True)
class _Past:
    """What was kept of a run that is over."""

    known: dict[str, str]

    async def add(self, name: str, text: str) -> None:
        del text
        raise RunDiverged(f"The run has diverged: it ended without the step {name!r}.")


@cache
def _own_id() -> str:
    """The same as long as the process lives: what it leaves, it finds when it enters again."""
    return new_owner()


def _url(place: str) -> str:
    """`place` as SQLAlchemy names it."""
    if place.startswith("sqlite:") and place != "sqlite:":
        return f"sqlite:///{place.removeprefix('sqlite:')}"
    if place.startswith("postgres://"):  # which SQLAlchemy does not know
        return place.replace("postgres://", "postgresql://", 1)
    if place.startswith("postgresql://"):
        return place
    raise ConfigError("The database is named sqlite:PATH or postgresql://USER@HOST:PORT/NAME.")
