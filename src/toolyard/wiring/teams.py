"""Pools of work items from the command line: filled, worked on and watched."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from toolyard.agents.agent import Agent
from toolyard.config.settings import Settings
from toolyard.core.context import Event
from toolyard.core.errors import ConfigError, UnknownName
from toolyard.events.bus import EventBus
from toolyard.events.orchestration_events import TaskCompleted, TaskEvent, TaskFailed
from toolyard.llm.chat_model import ChatModel, close
from toolyard.orchestration.presets.team_worker import TeamWorker
from toolyard.orchestration.work.pool import WorkPool
from toolyard.orchestration.work.status import PoolStatus
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.opening import store_at
from toolyard.storage.store import Store
from toolyard.wiring.asking import Asking, Took
from toolyard.wiring.runs import there
from toolyard.wiring.tool_asking import agent_of
from toolyard.wiring.work_files import Work
from toolyard.wiring.yard import Yard, yard_of

__all__ = ["PoolStatus", "Settings", "WorkflowResult"]


@dataclass(frozen=True, slots=True)
class PoolPlace:
    """Where a pool is."""

    store: str
    """`sqlite:PATH` or a URL of Redis."""
    pool: str
    namespace: str

    @asynccontextmanager
    async def opened(self, *, is_new: bool = False) -> AsyncGenerator[Store]:
        """The store; `ConfigError` if others cannot share it, or there is none."""
        if self.store == "memory":
            raise ConfigError("A team needs a store that others reach: sqlite:PATH or redis://...")
        async with store_at(self.store if is_new else there(self.store)) as store:
            yield store


@dataclass(frozen=True, slots=True)
class PoolRules:
    """How the items of a pool are to be worked on."""

    lease_s: float
    max_attempts: int


async def add(place: PoolPlace, work: Work, rules: PoolRules) -> PoolStatus:
    """Put items into a pool that may be there already; those that are there stay as they are.

    Raises:
        ConfigError: An item cannot be added as it is, or as `PoolPlace.opened`.
        StoreError: The store does not take them.
    """
    async with place.opened(is_new=True) as store:
        pool = WorkPool(
            store,
            place.pool,
            lease_s=rules.lease_s,
            max_attempts=rules.max_attempts,
            namespace=place.namespace,
        )
        await pool.add(work.items, task=work.task)
        return await pool.status()


async def status(place: PoolPlace) -> PoolStatus:
    """How far a pool is; `UnknownName` if there is none."""
    async with place.opened() as store:
        found = await WorkPool(store, place.pool, namespace=place.namespace).status()
    if not (found.is_filled or found.total):
        raise UnknownName("pool", place.pool)
    return found


async def watch(place: PoolPlace, hear: Callable[[PoolStatus], None]) -> None:
    """Tell `hear` how far a pool is, now and after changes, until it is done."""
    async with place.opened() as store:
        pool = WorkPool(store, place.pool, namespace=place.namespace)
        async with aclosing(pool.watch()) as changes:
            async for each in changes:
                hear(each)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPlan:
    """How somebody joins a pool, as the command line says it."""

    place: PoolPlace
    asking: Asking
    name: str
    workers: int
    """How many agents join."""
    max_items: int | None
    """So many each of them begins at most; any number if `None`."""
    wait_s: float
    """How long to wait for the pool to be filled, and for items that others have."""


@dataclass(slots=True)
class Tally:
    """What came of the items that were begun here; it is called with each event."""

    completed: list[str] = field(default_factory=list[str])
    failed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Attempts that came to nothing: the item, and why."""

    def __call__(self, event: Event) -> None:
        if isinstance(event, TaskCompleted):
            self.completed.append(event.task_id)
        elif isinstance(event, TaskFailed):
            self.failed.append((event.task_id, event.error))

    def __str__(self) -> str:
        one = len(self.completed) == 1
        failed = f", {len(self.failed)} came to nothing" if self.failed else ""
        return f"{len(self.completed)} item{'' if one else 's'} completed here{failed}."


def yard_for(settings: Settings | None) -> Yard:
    """The tools of the settings; made before there is an event loop, as a file may run one."""
    return yard_of(Settings.model_validate({}) if settings is None else settings, patient=False)


async def join(
    plan: JoinPlan, yard: Yard, tally: Tally, hear: Callable[[Event], None] | None
) -> tuple[WorkflowResult[Any], Took]:
    """Work on a pool until all of it is done; what was begun is given back if that is cancelled.

    The result is of the whole pool; what it took is what was done here. `hear` is told of all
    that the agents do, at once.

    Raises:
        WorkflowError: The pool was not filled in time, or nobody answered.
        ToolyardError: The model, a tool or the store cannot be used.
    """
    bus = EventBus()
    bus.add(tally, TaskEvent)
    if hear is not None:
        bus.add(hear)
    model = plan.asking.opened()
    try:
        async with plan.place.opened() as store, yard.registry:
            team = TeamWorker(
                plan.place.pool,
                {name: _agent(plan.asking, model, yard, name) for name in _names(plan)},
                store=store,
                max_iterations=plan.max_items,
                wait_s=plan.wait_s,
                namespace=plan.place.namespace,
                name=plan.place.pool,
                at_once=plan.workers,
                on_event=bus,
            )
            result = await team.join()
        return result, Took.spent(plan.asking, result.usage, result.cost_usd)
    finally:
        await close(model)


def _names(plan: JoinPlan) -> list[str]:
    if plan.workers == 1:
        return [plan.name]
    return [f"{plan.name}-{number}" for number in range(1, plan.workers + 1)]


def _agent(asking: Asking, model: ChatModel, yard: Yard, name: str) -> Agent:
    return agent_of(asking, asking.session(model), yard, name=name)
