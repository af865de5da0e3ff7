"""DBOS in this process: its workflows are done in the event loop of whoever entered it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import CancelledError
from contextvars import Context, copy_context
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.from_thread import BlockingPortal
from anyio.to_thread import run_sync
from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowStatus
from dbos import error as errors
from sqlalchemy.exc import SQLAlchemyError

from toolyard.core.background import is_cancellation
from toolyard.core.errors import RunCancelled, RunLost, StoreError, StoreUnavailable
from toolyard.storage.journal.executor import is_dead

T = TypeVar("T")

RUN, ASK, PERSON = "toolyard.run", "toolyard.ask", "toolyard.person"
MEMBERS, PEOPLE = "toolyard.members", "toolyard.people"
"""Queues: what waits for a process that has room for it, and what waits for people."""
ANSWER = "answer"
"""What a person's answer is sent as."""
TEN_YEARS_S = 10 * 365 * 86_400.0
UNDER_WAY = ["PENDING", "ENQUEUED", "DELAYED"]
POLL_S = 0.05
"""How often the queue is looked at."""
THREADS = 20
"""So many things this process may ask of the database at the same time."""


class Left(BaseException):
    """Whoever does a workflow leaves: it is not over, and somebody goes on with it later.

    It is no `Exception`, as DBOS would take that for the workflow's end.
    """


class Work(Protocol):
    """Who does what DBOS has to be done."""

    async def do_run(self, log: Log, run_id: str, workflow_id: str, task: str) -> str:
        """Do a run."""
        ...

    async def do_ask(self, log: Log, asked: str, text: str) -> str:
        """Ask a member."""
        ...


class Service:
    """DBOS, launched while this is entered; there is one in a process."""

    work: Work
    """Who does it; set before this is entered."""

    def __init__(self, config: dict[str, Any], *, queue_workers: int) -> None:
        """As described; of `config` DBOS says what it may be."""
        self._config = {**config, "serializer": DBOSPortableJSONSerializer()}
        self._executor_id: str = config["executor_id"]
        self._queue_workers = queue_workers
        self._portal = BlockingPortal()
        self._threads = CapacityLimiter(THREADS)
        self._is_left = False

    async def __aenter__(self) -> Self:
        """Launch DBOS; `StoreUnavailable` if its database cannot be used."""
        global _service
        await self._portal.__aenter__()
        _service = self
        try:
            await self.call(self._launch)
        except BaseException:  # a cancellation too: whoever did not enter does not leave
            await self.__aexit__(None, None, None)
            raise
        return self

    def _launch(self) -> None:
        DBOS(config=self._config)  # pyright: ignore[reportArgumentType] - its keys are known there
        if not self._queue_workers:
            DBOS.listen_queues([PEOPLE])
        DBOS.launch()
        queue = partial(DBOS.register_queue, polling_interval_sec=POLL_S)
        queue(PEOPLE)
        if self._queue_workers:
            queue(MEMBERS, worker_concurrency=self._queue_workers, on_conflict="always_update")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave what is under way to others, and end DBOS."""
        global _service
        self._is_left = True
        try:
            await self._portal.stop(cancel_remaining=True)
            # A task group would make a group of its owner's error, but must hear of a cancellation.
            is_cancelled = is_cancellation(error)
            heard = (kind, error, traceback) if is_cancelled else (None, None, None)
            await self._portal.__aexit__(*heard)
        except BaseException as raised:
            if raised is not error:  # which goes on by itself
                raise
        finally:
            with CancelScope(shield=True):  # no thread of DBOS is left behind
                await run_sync(Context().run, DBOS.destroy)
            _service = None

    async def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """What a blocking function of DBOS gives, outside of any workflow.

        Raises:
            StoreUnavailable: The database cannot be used.
        """
        # Within a workflow DBOS would count the call as its next step, in whichever order.
        work = partial(Context().run, partial(function, *arguments, **named))
        try:
            return await run_sync(work, limiter=self._threads)
        except SQLAlchemyError as error:
            raise StoreUnavailable("The database of DBOS cannot be used now.") from error

    def do(self, work: Callable[..., Awaitable[str]], *arguments: str) -> str:
        """Have the event loop do a workflow, from a thread of DBOS."""
        if self._is_left:
            raise Left
        try:
            return self._portal.call(work, Log(self, copy_context()), *arguments)
        except (CancelledError, RunCancelled, RunLost, StoreError):
            raise Left from None
        except Exception:  # that of whoever is leaving is not the workflow's end
            if self._is_left:
                raise Left from None
            raise

    async def begin_run(self, run_id: str, workflow_id: str, task: str) -> None:
        """Have a run be done here, unless there is one of that id."""
        await self._begin(run_id, lambda: DBOS.start_workflow(run, workflow_id, task))

    async def begin_ask(self, asked: str, request: str) -> None:
        """Have a member be asked by whoever has room for it, unless it was."""
        await self._begin(asked, lambda: DBOS.enqueue_workflow(MEMBERS, ask, request))

    async def begin_person(self, asked: str, question: str) -> None:
        """Have a person be asked, unless it was."""
        await self._begin(asked, lambda: DBOS.enqueue_workflow(PEOPLE, person, question))

    async def _begin(self, workflow_id: str, function: Callable[[], Any]) -> None:
        def begin() -> None:
            if DBOS.get_workflow_status(workflow_id) is not None:
                return  # DBOS would warn that its queue may be another one now
            with SetWorkflowID(workflow_id):
                function()

        await self.call(begin)

    async def find(self, workflow_ids: Sequence[str]) -> Sequence[WorkflowStatus]:
        """What is known of workflows."""
        return await self.call(DBOS.list_workflows, workflow_ids=list(workflow_ids))

    async def runs(
        self, status: list[str] | None, *, limit: int, after: int
    ) -> Sequence[WorkflowStatus]:
        """Runs, the newest first."""
        return await self.call(
            DBOS.list_workflows,
            name=RUN,
            status=status,
            limit=limit,
            offset=after,
            sort_desc=True,
        )

    async def steps(self, workflow_id: str) -> dict[str, str]:
        """What a workflow has kept, by names."""
        found = await self.call(DBOS.list_workflow_steps, workflow_id)
        return {each["function_name"]: str(each["output"]) for each in found}

    async def answer(self, asked: str, text: str) -> None:
        """Send a person's answer; only the first counts."""
        await self.call(DBOS.send, asked, text, ANSWER)

    async def questions(self, prefix: str) -> dict[str, Any]:
        """What people are asked now, by the ends of the ids."""
        found = await self.call(
            DBOS.list_workflows, workflow_id_prefix=prefix, name=PERSON, status=UNDER_WAY
        )
        asked = {each.workflow_id: each.input for each in found}
        return {
            workflow_id.removeprefix(prefix): json.loads(given["args"][0])
            for workflow_id, given in asked.items()
            if given
        }

    async def cancel(self, run_id: str) -> None:
        """Have a run and all its parts be cancelled."""
        await self.call(DBOS.cancel_workflows, await self.parts(run_id, UNDER_WAY))

    async def resume(self, run_id: str) -> None:
        """Have all parts of a run go on that were cancelled."""
        await self.call(DBOS.resume_workflows, await self.parts(run_id, ["CANCELLED"]))

    async def parts(self, run_id: str, status: list[str] | None = None) -> list[str]:
        """The ids of a run and all that was begun for it; only of those with such a status."""
        list_them = partial(DBOS.list_workflows, status=status, load_input=False, load_output=False)
        found = [
            *await self.call(list_them, workflow_ids=[run_id]),
            *await self.call(list_them, workflow_id_prefix=f"{run_id}/"),
        ]
        return [each.workflow_id for each in found]

    async def recover(self) -> None:
        """Have others do what processes of this machine were doing that are dead."""
        pending = await self.call(
            DBOS.list_workflows, status="PENDING", load_input=False, load_output=False
        )
        owners = {each.executor_id for each in pending if each.executor_id} - {self._executor_id}
        dead = [each for each in owners if each.count("/") == 3 and is_dead(each)]
        if dead:
            # Only this call leaves alone what another process has taken over meanwhile.
            recover = DBOS._recover_pending_workflows  # pyright: ignore[reportPrivateUsage]
            await self.call(recover, dead)


class Log:
    """What the workflow that is being done has kept, by names; it is added to in any order.

    DBOS finds the steps of a workflow by counting them, and so confuses those of parts that are
    done at the same time. Here a step is only ever added behind all others, and found by its name.
    """

    def __init__(self, service: Service, context: Context) -> None:
        self._service = service
        self._context = context
        self._turn = CapacityLimiter(1)
        self.known = dict[str, str]()

    async def open(self, workflow_id: str) -> None:
        """Recall what was kept before; to be called once, before `add`."""
        self.known = await self._service.steps(workflow_id)
        for name in self.known:  # DBOS counts up to where it was
            await self._in_workflow(partial(DBOS.run_step, {"name": name}, _absent))

    async def add(self, name: str, text: str) -> None:
        """Keep `text`.

        Raises:
            RunCancelled: Somebody cancelled the run.
            RunLost: Somebody else does it.
        """
        self.known[name] = text
        await self._in_workflow(partial(DBOS.run_step, {"name": name}, lambda: text))

    async def _in_workflow(self, function: Callable[[], Any]) -> None:
        async with self._turn:
            try:
                await run_sync(self._context.run, function)
            except errors.DBOSWorkflowCancelledError as error:
                raise RunCancelled("The run was cancelled.") from error
            except errors.DBOSWorkflowConflictIDError as error:
                raise RunLost("Somebody else executes the run.") from error
            except SQLAlchemyError as error:
                raise StoreUnavailable("The database of DBOS cannot be used now.") from error


def _absent() -> str:
    raise RunLost("A step that was kept is gone; somebody else executes the run.")


_service: Service | None = None


def _served() -> Service:
    if _service is None:
        raise Left
    return _service


@DBOS.workflow(name=RUN, max_recovery_attempts=None)
def run(name: str, task: str) -> str:
    """A run of a workflow of ours."""
    service = _served()
    return service.do(service.work.do_run, DBOS.workflow_id or "", name, task)


@DBOS.workflow(name=ASK, max_recovery_attempts=None)
def ask(request: str) -> str:
    """A member is asked, in whichever process."""
    service = _served()
    return service.do(service.work.do_ask, DBOS.workflow_id or "", request)


@DBOS.workflow(name=PERSON, max_recovery_attempts=None)
async def person(question: str) -> str:
    """A person is asked, and answers when it likes; no thread waits for that."""
    del question
    answer: str = await DBOS.recv_async(ANSWER, timeout_seconds=TEN_YEARS_S)
    return answer
