"""One list of items that all members see, and mark off in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolyard.events.orchestration_events import (
    RalphIterationStarted,
    RalphTaskCompleted,
    TaskFailed,
)
from toolyard.orchestration.hub import Hub
from toolyard.orchestration.member import Member
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.work.acceptance import Acceptance
from toolyard.orchestration.work.item import WorkItem, in_order
from toolyard.orchestration.work.markers import Marked, marked_in
from toolyard.orchestration.work.task_texts import listed
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun

CHECKLIST = "The checklist of the team, [x] is done:"
HOW = (
    "Do open items, as many as you can do well, and leave alone what is done or waits. When an "
    "item is done, and only then, say so with its id, outside of code and quotations:\n"
    "[TASK_COMPLETE:id]"
)
NOTES = "Of what you marked, this does not count:"
NOTHING_TO_DO = "There was nothing to do."
NOTHING_DONE = "None of the items was done."
_MOST_LETTERS = 128
"""Of an id that is none."""
_MOST_UNKNOWN = 20
"""So many of those are named at most."""


class TaskBoard:
    """Asks the members in turn, again and again, to go on with what is open.

    Each sees the whole list, what others said since its last turn, and what it marked that did
    not count. It ends as soon as all is done: nobody is asked after that.
    """

    def __init__(
        self,
        items: Sequence[WorkItem],
        members: Sequence[Member],
        *,
        max_iterations: int,
        acceptance: Acceptance,
    ) -> None:
        """As described.

        Args:
            items: What is to be done.
            members: Who does it.
            max_iterations: How often each of them is asked at most, 1 or more.
            acceptance: What an item that is marked must pass.

        Raises:
            ConfigError: A number is out of its range, or the items do not fit together.
        """
        refuse_less(1, max_iterations=max_iterations)
        self.members = (*members, *acceptance.members)
        self._members = members
        self._items = tuple(items)
        self._ordered = in_order(self._items)
        self._max_iterations = max_iterations
        self._acceptance = acceptance

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        if not self._items:
            return run.result(NOTHING_TO_DO, output={}, ended="all_done", score=1.0, open=())
        board = _Board(self._items, Hub(run.task))
        seats = run.seats(self._members)
        while board.open and run.rounds < self._max_iterations:
            with run.round() as number:
                run.tell(
                    RalphIterationStarted,
                    iteration=number,
                    max_iterations=self._max_iterations,
                    tasks_completed=len(board.done),
                    tasks_total=len(self._items),
                )
                for seat in seats.values():
                    if board.open:
                        await self._turn(run, board, seat)
        run.require(run.steps)
        return board.result(run)

    async def _turn(self, run: WorkflowRun, board: _Board, seat: Seat) -> None:
        member, hub = seat.member, board.hub
        prompt = "\n\n".join(
            filter(None, (hub.news(member.id, remembers=seat.remembers), board.shown_to(member.id)))
        )
        ready = [each.id for each in board.open if not board.waits_for(each)]
        step = await run.ask(
            seat, prompt, reason="its turn", task_id=ready[0] if len(ready) == 1 else ""
        )
        if step.result is not None:
            hub.hear(member.id)
            board.notes[member.id] = []
        if step.has_text:
            hub.say(member.id, member.name, step.text)
        if step.result is not None:
            await self._mark(run, board, step)

    async def _mark(self, run: WorkflowRun, board: _Board, step: Step) -> None:
        """Take what a member says is done, and note what of it does not count."""
        who = {"agent_id": step.member_id, "agent_name": step.member_name, "step_id": step.id}
        marked, completed = marked_in(step.text), list[str]()
        notes = board.notes[step.member_id]
        notes += board.unfit(marked)
        for item in self._ordered:  # what others wait for comes before them
            if item.id not in marked.done or item.id in board.done:
                continue
            if waits_for := board.waits_for(item):
                notes.append(f"{item.id}: it waits for {waits_for}.")
                continue
            refusal = await self._acceptance.refusal(run, item, step.text)
            if refusal:
                run.tell(TaskFailed, task_id=item.id, error=refusal, **who)
                notes.append(quoted(f"the check of {item.id}", refusal))
                continue
            board.done[item.id] = step
            completed.append(item.id)
        if completed:
            run.tell(
                RalphTaskCompleted,
                task_ids=tuple(completed),
                tasks_completed_total=len(board.done),
                tasks_total=len(self._items),
                **who,
            )


class _Board:
    """The list as it stands in one run."""

    def __init__(self, items: Sequence[WorkItem], hub: Hub) -> None:
        self.hub = hub
        self.done = dict[str, Step]()
        """In which step each item was completed, in that order."""
        self.notes = dict[str, list[str]]()
        """What each member is to be told of what it marked."""
        self._items = items

    @property
    def open(self) -> Sequence[WorkItem]:
        """What is not done."""
        return [each for each in self._items if each.id not in self.done]

    def waits_for(self, item: WorkItem) -> str:
        """The ids of those that must be done before; empty if it can be done now."""
        return ", ".join(each for each in item.depends_on if each not in self.done)

    def shown_to(self, member_id: str) -> str:
        """The list, with what this member marked in vain."""
        lines = (
            listed(each, is_done=each.id in self.done, waits_for=self.waits_for(each))
            for each in self._items
        )
        parts = [f"{CHECKLIST}\n" + "\n".join(lines)]
        if notes := self.notes.get(member_id):
            parts.append(f"{NOTES}\n" + "\n".join(notes))
        return "\n\n".join((*parts, HOW))

    def unfit(self, marked: Marked) -> Sequence[str]:
        """Why some of what was marked cannot count, whatever was done."""
        items = {each.id for each in self._items}
        unknown = [each for each in marked.done if each not in items]
        quoted_only = [each for each in marked.quoted if each in items and each not in self.done]
        return [
            *(
                f"{each[:_MOST_LETTERS]}: there is no such item."
                for each in unknown[:_MOST_UNKNOWN]
            ),
            *(f"{each}: it was marked inside of code or a quotation." for each in quoted_only),
        ]

    def result(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """What was done of it."""
        answers = {each.id: each for each in self.done.values()}
        text = "\n\n".join(f"{each.member_name}:\n{each.text}" for each in answers.values())
        left = tuple(each.id for each in self.open)
        return run.result(
            text or NOTHING_DONE,
            output={name: step.text for name, step in self.done.items()},
            is_complete=not left,
            ended="max_iterations" if left else "all_done",
            score=len(self.done) / len(self._items),
            open=left,
        )
