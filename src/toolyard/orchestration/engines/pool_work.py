"""Everybody takes items from a pool and does them, all at the same time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio

from toolyard.core.errors import BudgetSpent, KeyRefused, QuotaSpent, StoreError, ToolyardError
from toolyard.core.groups import first_of
from toolyard.core.workflow_errors import ClaimLost
from toolyard.events.orchestration_events import TaskClaimed, TaskCompleted, TaskFailed
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Member, Members, members_of
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.work.acceptance import Acceptance
from toolyard.orchestration.work.claim import GRACE_S, WorkClaim
from toolyard.orchestration.work.pool import WorkPool
from toolyard.orchestration.work.pool_source import PoolSource
from toolyard.orchestration.work.shift import Shift
from toolyard.orchestration.work.task_texts import described
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun, sentence

PART = (
    "Your part of it is the item below. Do all of it, and answer with its result: that is put on "
    "record, and shown to those whose items build on it."
)
BUILDS_ON = "It builds on the results of these items:"
TRIED = "It was tried before; why that did not count:"
CUT_SHORT = "The answer ended before the item was done."
STOPPED = "Whoever worked on it was stopped."
NOTHING_DONE = "None of the items was done."
HOPELESS = (KeyRefused.code, QuotaSpent.code)
"""Errors of members that would fail at any other item, too."""
MOST_FAILURES = 10
"""So often in a row a member may fail; with the rests in between that is some minutes."""
_LONGEST_REST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRules:
    """How members go about it."""

    remember: bool
    """Whether a member remembers the items that it did before."""
    max_iterations: int | None
    """So many items each member begins at most."""
    wait_s: float
    """How long a member waits for an item."""
    rest_s: float
    """How long a member rests after it failed, twice as long each time that follows."""

    def __post_init__(self) -> None:
        refuse_less(1, max_iterations=self.max_iterations)
        refuse_less(0, wait_s=self.wait_s, rest_s=self.rest_s)


class PoolWork:
    """Has each member claim an item, do it, have it accepted, and claim the next.

    An item that is not accepted, or whose member failed, is given back with the reason, which is
    told to whoever claims it next. Whoever loses its claim stops at once and claims another.
    """

    def __init__(
        self, source: PoolSource, members: Members, *, acceptance: Acceptance, rules: PoolRules
    ) -> None:
        """As described.

        Args:
            source: Where the pool is from.
            members: Who does the items.
            acceptance: What an answer must pass before an item is completed with it.
            rules: How they go about it.
        """
        self._members = members_of(members, may_repeat=True)
        self.members = (*self._members, *acceptance.members)
        self._source = source
        self._acceptance = acceptance
        self._rules = rules

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        async with self._source.opened(run.task) as pool:
            shift = Shift(pool, at_once=run.facts.at_once, wait_s=self._rules.wait_s)
            try:
                async with anyio.create_task_group() as tasks:
                    for member in self._members:
                        tasks.start_soon(self._shift, run, shift, member)
            except BaseExceptionGroup as errors:
                raise first_of(errors) from None
            if shift.spent is not None:
                raise shift.spent
            return await self._result(run, shift)

    async def _shift(self, run: WorkflowRun, shift: Shift, member: Member) -> None:
        """What one member does from its first item to its last."""
        rules, worker = self._rules, f"{member.id}@{run.facts.run_id[:8]}"
        kept = run.seat(member) if rules.remember else None
        begun = failures = 0
        while rules.max_iterations is None or begun < rules.max_iterations:
            async with shift.places:
                claim = await shift.next(worker)
                if claim is None:
                    return
                begun += 1
                seat = kept or await self._seat(run, shift.pool, claim, member)
                try:
                    step = await self._do(run, shift.pool, claim, seat)
                except BudgetSpent as error:
                    if run.facts.on_error == "raise":
                        raise
                    shift.end(error)  # what the others have begun is paid for
                    return
            shift.look_again()
            has_failed = step is not None and step.result is None
            failures = failures + 1 if has_failed else 0
            if step is not None and has_failed and _gives_up(step, failures):
                shift.is_anybody_unable = True
                return
            if failures:
                await shift.rest(min(rules.rest_s * 2.0 ** (failures - 1), _LONGEST_REST_S))

    async def _seat(
        self, run: WorkflowRun, pool: WorkPool, claim: WorkClaim, member: Member
    ) -> Seat:
        """A place for one attempt.

        A run that is gone on with has each attempt made by whoever made it before: who claims
        what is not the same each time.
        """
        step_id = _step_id(claim)

        async def claimed_by() -> str:
            return member.id

        try:
            member_id = await run.call(f"{step_id}.member", claimed_by)
        except BaseException:  # a cancellation too: others are to have the item at once
            await _given_back(pool, claim, STOPPED, counts=False)
            raise
        found = next((each for each in self._members if each.id == member_id), member)
        return run.seat(found, step_id)

    async def _do(
        self, run: WorkflowRun, pool: WorkPool, claim: WorkClaim, seat: Seat
    ) -> Step | None:
        """Do one item; what the member answered, `None` if its claim was lost before that."""
        item_id, member, step_id = claim.item.id, seat.member, _step_id(claim)
        about = {
            "agent_id": member.id,
            "agent_name": member.name,
            "step_id": step_id,
            "task_id": item_id,
        }
        run.tell(TaskClaimed, **about)
        step, reason = None, ""
        try:
            async with claim.held():
                step = await self._asked(run, pool, claim, seat, step_id)
                reason = await self._refusal(run, claim, step)
            # From here on the claim may go: nobody renews it any more.
            reason = reason or await _recorded(pool, claim, step.text)
            if reason:
                is_tried = step.result is not None or not _is_unable(step.code, step.is_retryable)
                await pool.release(claim, reason, counts=is_tried)
        except ClaimLost as lost:
            reason = str(lost)
        except BaseException as error:
            reason = sentence(error) if isinstance(error, Exception) else STOPPED
            await _given_back(pool, claim, reason, counts=_is_tried(error))
            run.tell(TaskFailed, error=reason, **about)
            raise
        if reason:
            run.tell(TaskFailed, error=reason, **about)
        elif step is not None:
            run.tell(TaskCompleted, result=step.text, **about)
        return step

    async def _asked(
        self, run: WorkflowRun, pool: WorkPool, claim: WorkClaim, seat: Seat, step_id: str
    ) -> Step:
        item = claim.item
        built_on = [(each, await pool.result(each)) for each in item.depends_on]
        results = [quoted(name, each.result) for name, each in built_on if each is not None]
        reasons = [quoted(f"attempt {at}", each) for at, each in enumerate(claim.reasons, 1)]
        parts = [TASK + run.task, PART, described(item)]
        parts += [BUILDS_ON, *results] if results else []
        parts += [TRIED, *reasons] if reasons else []
        return await run.ask(
            seat,
            "\n\n".join(parts),
            reason="claimed an item",
            step_id=step_id,
            task_id=item.id,
        )

    async def _refusal(self, run: WorkflowRun, claim: WorkClaim, step: Step) -> str:
        """Why the answer does not complete the item; empty if it does."""
        if step.result is None:
            return step.error or CUT_SHORT
        if step.result.status != "complete":
            return CUT_SHORT
        return await self._acceptance.refusal(run, claim.item, step.text, step_id=step.id)

    async def _result(self, run: WorkflowRun, shift: Shift) -> WorkflowResult[Any]:
        status, outcomes = await shift.pool.status(), await shift.pool.results()
        order = [each.id for each in self._source.items]
        ids = [*(each for each in order if each in outcomes), *sorted(outcomes.keys() - {*order})]
        ended = [outcomes[each] for each in ids]
        done = [each for each in ended if each.status == "completed"]
        failed = {each.id: each.reasons for each in ended if each.status == "failed"}
        if run.steps and not done:
            run.require(run.steps)
        return run.result(
            "\n\n".join(f"{each.title or each.id}:\n{each.result}" for each in done)
            or NOTHING_DONE,
            output={each.id: each.result for each in done},
            is_complete=status.is_done and not failed,
            ended=_why_ended(shift, is_done=status.is_done, is_any_failed=bool(failed)),
            score=status.score,
            failed=failed,
            done_by={each.id: each.worker for each in done},
        )


def _step_id(claim: WorkClaim) -> str:
    item_id = claim.item.id
    return item_id if claim.attempt == 1 else f"{item_id}@{claim.attempt}"


async def _recorded(pool: WorkPool, claim: WorkClaim, result: str) -> str:
    """Record the result; why that cannot be done, empty if it was."""
    try:
        await pool.complete(claim, result)
    except StoreError as error:
        return f"Its result could not be recorded: {error}"
    return ""


async def _given_back(pool: WorkPool, claim: WorkClaim, reason: str, *, counts: bool) -> None:
    """Let others have it at once, if the store can be told; they get it in any case."""
    with anyio.move_on_after(GRACE_S, shield=True), suppress(ToolyardError):
        await pool.release(claim, reason, counts=counts)


def _is_unable(code: str, is_retryable: bool) -> bool:
    """Whether an error says of a member that it can do no item now, whichever it is."""
    return is_retryable or code in HOPELESS


def _is_tried(error: BaseException) -> bool:
    """Whether an error may be the item's fault."""
    if isinstance(error, ToolyardError):
        return not _is_unable(error.code, error.retryable)
    return isinstance(error, Exception)


def _gives_up(failed: Step, failures: int) -> bool:
    """Whether the member works no longer, having failed so often in a row."""
    return failed.code in HOPELESS or failures == MOST_FAILURES


def _why_ended(shift: Shift, *, is_done: bool, is_any_failed: bool) -> str:
    if is_done:
        return "some_failed" if is_any_failed else "all_done"
    if shift.has_waited_long:
        return "waited"
    return "unable" if shift.is_anybody_unable else "max_iterations"
