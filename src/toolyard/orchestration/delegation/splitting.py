"""The task in subtasks, each for the member that is best at it, and one answer of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from toolyard.orchestration.delegation.coordinator import Coordinator
from toolyard.orchestration.engines.delegate import Moves
from toolyard.orchestration.engines.fan_out import collected
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.texts.roster import meant, nobody, roster
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

BRIEF = """You manage a team that does this task: you split it into at most {most} subtasks, and \
say who does each. Whoever does one is told {told}, so write down all that is needed. If nobody is \
fit for it, or there is nothing to split, there are no subtasks, and you do the task yourself. \
The members:
{roster}"""
ALONE_TOLD = "nothing else"
LATER_TOLD = "only that, and what came of the subtasks before it"
SPLIT = "Which subtasks are there, and who does each?"
BEFORE = "This was done before:"
ALONE = "Do the task yourself, and answer with the result."
COMBINE: Mapping[str, str] = {
    "summarize": "All subtasks are done. Answer the task with what matters of the results, "
    "in short.",
    "merge": "All subtasks are done. Answer the task with one text that all results are worked "
    "into, with nothing left out and nothing said twice.",
}
TRIES = 2
"""So often the manager is asked for subtasks, if it names somebody who is no member."""

Synthesis = Literal["summarize", "concatenate", "merge"]


class Subtask(BaseModel):
    """A part of the task."""

    member: str = Field(description="Who does it, as it is called in the list.")
    task: str = Field(description="What is to be done, with all that is needed to do it.")


class Part(NamedTuple):
    """A subtask, and who does it."""

    member: Member
    task: str


@dataclass(frozen=True, slots=True)
class Splitting:
    """The manager splits the task, others do the parts, and the manager answers."""

    manager: Member
    workers: Sequence[Member]
    max_subtasks: int
    parallel: bool
    synthesis: Synthesis

    async def moves(self, run: WorkflowRun) -> Moves:
        """As `Strategy`."""
        told = ALONE_TOLD if self.parallel else LATER_TOLD
        brief = BRIEF.format(most=self.max_subtasks, told=told, roster=roster(self.workers))
        manager = Coordinator(run, self.manager, brief)
        parts = await self._parts(manager)
        steps = list[Step]()
        for batch in [parts] if self.parallel else [[each] for each in parts]:
            if batch:
                steps += yield self._asks(run, batch, steps)
        if steps:
            result = await self._answer(run, manager, steps)
        else:
            (alone,) = run.require([await manager.ask(ALONE, reason="does the task alone")])
            done = alone.result is not None
            result = run.result(alone.text, is_complete=done, ended="alone")
        shown = [{"member": each.member.id, "task": each.task} for each in parts]
        yield replace(result, metadata={"subtasks": shown})

    async def _parts(self, manager: Coordinator) -> Sequence[Part]:
        """The subtasks; none if the manager named none. It does itself what nobody else is for."""
        wanted: Any = Annotated[list[Subtask], Field(max_length=self.max_subtasks)]
        parts, question = list[Part](), SPLIT
        for _ in range(TRIES):
            step = await manager.ask(question, output=wanted, reason="splits the task")
            if step.result is None:
                break
            found: list[Subtask] = step.output
            parts = [
                Part(meant(each.member, self.workers) or self.manager, each.task) for each in found
            ]
            unknown = [each.member for each in found if meant(each.member, self.workers) is None]
            if not unknown:
                break
            question = f"{nobody(unknown, self.workers)} {SPLIT}"
        return parts

    def _asks(self, run: WorkflowRun, parts: Sequence[Part], done: Sequence[Step]) -> Sequence[Ask]:
        before = [quoted(each.member_name, each.text) for each in done if each.has_text]
        context = [BEFORE, *before] if before else []
        return [
            Ask(
                run.seat(each.member),
                "\n\n".join([each.task, *context]),
                task_id=f"subtask {number}",
                reason="has a subtask",
            )
            for number, each in enumerate(parts, len(done) + 1)
        ]

    async def _answer(
        self, run: WorkflowRun, manager: Coordinator, steps: Sequence[Step]
    ) -> WorkflowResult[Any]:
        """One answer of all; the results side by side if the manager gives none."""
        is_complete = all(each.result is not None for each in steps)
        shown = run.require(steps)
        ended = "synthesized"
        if self.synthesis != "concatenate":
            for each in shown:
                manager.tell(each)
            step = await manager.ask(COMBINE[self.synthesis], reason="puts the results together")
            if step.result is not None:
                return run.result(step.text, is_complete=is_complete, ended=ended)
            is_complete, ended = False, "not_synthesized"
        status: Literal["complete", "partial"] = "complete" if is_complete else "partial"
        return replace(await collected(run, shown), status=status, ended=ended)
