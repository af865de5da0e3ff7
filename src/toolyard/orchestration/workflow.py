"""Something that does tasks by having its members work together."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from secrets import token_hex
from typing import Any, Protocol, TypedDict

from toolyard.agents.agent_tool import agent_tool
from toolyard.agents.identity import Identity
from toolyard.agents.telling import bus_of
from toolyard.core.context import Event, EventHandler
from toolyard.core.errors import BudgetSpent, ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.events.bus import EventBus
from toolyard.events.orchestration_events import RunCompleted, RunFailed, RunStarted
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.llm.session import Said
from toolyard.orchestration.durability import journal_of
from toolyard.orchestration.elsewhere import DBOS, entered
from toolyard.orchestration.member import Member, refuse_same
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.run_json import read_task, written_end, written_task
from toolyard.orchestration.streaming import streamed
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.workflow_result import WorkflowResult, total
from toolyard.orchestration.workflow_run import OnError, RunFacts, WorkflowRun, sentence
from toolyard.storage.journal.journal import Journal, OpenRun
from toolyard.storage.journal.steps import Steps


class Engine(Protocol):
    """A way for members to work together."""

    @property
    def members(self) -> Sequence[Member]:
        """Everybody who may be asked."""
        ...

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """Do the run's task, by asking members through `run`; it keeps nothing of it."""
        ...


class WorkflowOptions(TypedDict, total=False):
    """What every workflow can be told besides how its members work together."""

    id: str
    """By which programs know it; its name if not given."""
    name: str
    """What it is called, by those who watch and as a member; its kind if not given."""
    expertise: str
    """What it is good for, for whoever chooses among members."""
    system_context: str
    """What each agent is told of the team, after what it is to do itself."""
    context_tokens: int
    """How many tokens each agent's conversation may hold; as the agent has it if not given."""
    on_error: OnError
    """When a member fails: `skip` goes on without its answer, `raise` ends the run, `show` has
    the others see that it failed. `skip` if not given; it stays a member in any case."""
    at_once: int
    """So many members may be at work at the same time, 100 if not given."""
    budget: Budget | BudgetLimits
    """What all members may use together: in each run by itself, or in all runs."""
    on_event: EventHandler | EventBus
    """Hears of all that the team and its agents do, in a thread of its own; or a bus, whose
    handlers are called at once."""


class Workflow:
    """A team: it does tasks as an agent does, so it may be a member of another team.

    It keeps nothing between runs, of which any number may be under way. Its agents work in forks
    that last as long as the run; whoever made them enters them first, and leaves them.
    """

    def __init__(self, engine: Engine, options: WorkflowOptions) -> None:
        """As described.

        Args:
            engine: How the members work together.
            options: What else there is to say.

        Raises:
            ConfigError: Two members have the same id, or an option is unknown or out of its range.
        """
        refuse_same(engine.members)
        _refuse_unknown(options)
        self._engine = engine
        self.name = options.get("name") or type(self).__name__
        self.id = options.get("id") or self.name
        self.expertise = options.get("expertise", "")
        self._system_context = options.get("system_context", "")
        self._on_error: OnError = options.get("on_error", "skip")
        self._at_once = options.get("at_once", 100)
        self._budget = options.get("budget")
        self._context_tokens = options.get("context_tokens")
        self._bus = bus_of(options.get("on_event"))
        refuse_other(OnError, on_error=self._on_error)
        refuse_less(1, at_once=self._at_once, context_tokens=self._context_tokens)

    @property
    def members(self) -> Sequence[Member]:
        """Everybody who takes part, once."""
        return tuple({each.id: each for each in self._engine.members}.values())

    async def run(
        self, *task: Said, durable: Journal | str | None = None, run_id: str | None = None
    ) -> WorkflowResult[Any]:
        """Do a task.

        A durable run keeps what models and tools answer in a journal. No call that is kept there
        is made again; one that was in flight when the run was interrupted is made once more and
        flagged, if it is of a model or of a tool that may be run twice. Other tools are not run
        again: the model is told that it may have been run.

        Args:
            task: Texts and pictures.
            durable: A journal, which its owner has entered, or where one is, as in `journal_at`;
                or `dbos`, for the `DbosRuns` that is entered.
            run_id: Of a durable run: one that is there already is gone on with, with the same
                task. A new one is made if not given.

        Raises:
            WorkflowError: It came to no result.
            ModelError: A member failed, where that is to end the run; or the budget was spent
                before anybody had answered.
            JournalError: The run cannot go on; the text says why, and who must act.
            ValueError: There is no task.
        """
        return await self._run(EventBus(), task, durable, run_id)

    async def resume(self, run_id: str, *, durable: Journal | str) -> WorkflowResult[Any]:
        """Go on with a durable run; as `run`, with the task that it was begun with."""
        if durable == DBOS:
            return await self.run(*await entered().task(run_id), durable=DBOS, run_id=run_id)
        async with journal_of(durable) as journal:
            record = await journal.run(run_id)
            return await self._run(EventBus(), read_task(record.task), journal, run_id)

    async def stream(
        self, *task: Said, durable: Journal | str | None = None, run_id: str | None = None
    ) -> AsyncGenerator[Event | WorkflowResult[Any], None]:
        """As `run`: what the team and its agents do, as they do it, with the result as the last.

        Pieces of what models write are among it, and members that work at the same time are told
        apart by their names. Closing it ends the run.
        """

        async def work(hear: EventHandler) -> WorkflowResult[Any]:
            bus = EventBus()
            bus.add(hear)
            return await self._run(bus, task, durable, run_id)

        async with aclosing(streamed(work)) as pieces:
            async for each in pieces:
                yield each

    async def _run(
        self, bus: EventBus, task: Sequence[Said], durable: Journal | str | None, run_id: str | None
    ) -> WorkflowResult[Any]:
        if not any(task):
            raise ValueError("There is no task; say what is to be done.")
        if durable is None:
            return await self._go(Surroundings(bus=bus), task, run_id or token_hex(8))
        if durable == DBOS:
            return await entered().run(self.id, *task, run_id=run_id, bus=bus)
        async with journal_of(durable) as journal:
            run_id = run_id or token_hex(8)
            async with journal.open(run_id, self.id, written_task(task)) as opened:
                around = Surroundings(bus=bus, steps=Steps(opened))
                return await self._go(around, task, run_id, opened)

    async def run_within(
        self, around: Surroundings, *task: Said, run_id: str | None = None
    ) -> WorkflowResult[Any]:
        """As `run`, as a part of something else, which `around` belongs to."""
        return await self._go(around, task, run_id or token_hex(8))

    async def _go(
        self,
        around: Surroundings,
        task: Sequence[Said],
        run_id: str,
        opened: OpenRun | None = None,
    ) -> WorkflowResult[Any]:
        run = WorkflowRun(self._facts(run_id), task, self.within(around))
        began = time.perf_counter()
        run.tell(RunStarted, mode=type(self).__name__, agent_count=len(self.members))
        try:
            result = await self._worked(run)
            if opened is not None:  # before it is said to be complete
                await opened.complete(written_end(result))
        except BaseException as error:
            run.tell(RunFailed, error=sentence(error))
            raise
        finally:
            around.take(total(run.steps))
        run.tell(
            RunCompleted,
            rounds=result.rounds,
            total_tokens=result.usage.total_tokens,
            cost_usd=None if result.cost_usd is None else float(result.cost_usd),
            is_complete=result.status == "complete",
            duration_s=time.perf_counter() - began,
        )
        return result

    async def _worked(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """The result; what was found out so far, if the budget is spent."""
        try:
            return await self._engine.work(run)
        except BudgetSpent:
            answers = [each.text for each in run.steps if each.result is not None]
            if self._on_error == "raise" or not answers:
                raise
            return run.result(run.so_far or answers[-1], is_complete=False, ended="budget")

    def _facts(self, run_id: str) -> RunFacts:
        return RunFacts(
            workflow_id=self.id,
            workflow_name=self.name,
            run_id=run_id,
            on_error=self._on_error,
            at_once=self._at_once,
        )

    def within(self, around: Surroundings) -> Surroundings:
        """What its members work in, if it does so itself in `around`."""
        budget = Budget(self._budget) if isinstance(self._budget, BudgetLimits) else self._budget
        contexts = filter(None, (around.system_context, self._system_context))
        return replace(
            around,
            bus=self._bus.joined(around.bus),
            budgets=around.budgets if budget is None else (*around.budgets, budget),
            system_context="\n\n".join(contexts),
            context_tokens=self._context_tokens or around.context_tokens,
        )

    def as_tool(self, name: str | None = None, *, description: str | None = None) -> ToolProtocol:
        """It as a source with one tool, whose `task` it does as by `run`.

        Args:
            name: The tool's; its id if not given.
            description: For whoever chooses among tools; its expertise if not given.

        Raises:
            InvalidTool: The name or the description is not fit for hosts.
        """
        who = Identity(id=self.id, name=self.name, expertise=self.expertise)
        return agent_tool(who, self.run, name=name, description=description)


def _refuse_unknown(options: WorkflowOptions) -> None:
    """`ConfigError` for an option that there is not, which would do nothing."""
    known = WorkflowOptions.__annotations__
    for name in options:
        if name not in known:
            raise ConfigError(f"There is no option {name!r}, only: {', '.join(known)}.")
