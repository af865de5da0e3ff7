"""Decision after decision: who works next, until there is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.delegation.coordinator import Coordinator
from toolyard.orchestration.engines.delegate import Moves
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.roster import meant, nobody, roster
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

BRIEF = """You lead a team that does this task. You have its members do parts of it, one at a \
time, and hear what they answer; once you know the answer to the task, you give it. A member knows \
nothing but what you tell it. The members:
{roster}"""
DECIDE = "What is next? Either have a member work, or finish with the answer to the task."
NO_INSTRUCTIONS = "You did not say what {name} is to do."
NO_ANSWER = "You gave no answer to finish with."
FEW_LEFT = "Decisions left: {left}."
FEW = 2
CLOSE = "No decisions are left. Give the best answer to the task that you have by now."


class Decision(BaseModel):
    """What is next."""

    action: Literal["delegate", "finish"]
    member: str = Field("", description="To delegate: who works, as it is called in the list.")
    instructions: str = Field("", description="To delegate: all that the member needs to know.")
    reason: str = Field("", description="To delegate: why this member, in a few words.")
    answer: str = Field("", description="To finish: the answer to the task.")


@dataclass(frozen=True, slots=True)
class Supervising:
    """The supervisor has one member after the other work, and finishes."""

    supervisor: Member
    workers: Sequence[Member]
    max_steps: int

    async def moves(self, run: WorkflowRun) -> Moves:
        """As `Strategy`."""
        lead = Coordinator(run, self.supervisor, BRIEF.format(roster=roster(self.workers)))
        seats = run.seats(self.workers)
        done, problem = list[Step](), ""
        for left in range(self.max_steps, 0, -1):
            few = FEW_LEFT.format(left=left) if left <= FEW else ""
            question = " ".join(filter(None, (problem, few, DECIDE)))
            step = await lead.ask(question, output=Decision, reason="decides what is next")
            if step.result is None:
                yield self._cut_short(run, step, done, "no_decision")
                return
            decision: Decision = step.output
            member = meant(decision.member, self.workers)
            problem = self._wrong_with(decision, member)
            if problem:
                continue
            if member is None or decision.action == "finish":
                yield run.result(decision.answer, ended="finished")
                return
            seat = seats[member.id]
            done += yield [Ask(seat, decision.instructions, reason=decision.reason)]
            lead.tell(done[-1])
        step = await lead.ask(CLOSE, reason="has no decisions left")
        yield self._cut_short(run, step, done, "max_steps")

    def _wrong_with(self, decision: Decision, member: Member | None) -> str:
        """Why nothing can be done by the decision, for the one who made it."""
        if decision.action == "finish":
            return "" if decision.answer.strip() else NO_ANSWER
        if member is None:
            return nobody([decision.member], self.workers)
        if not decision.instructions.strip():
            return NO_INSTRUCTIONS.format(name=member.id)
        return ""

    def _cut_short(
        self, run: WorkflowRun, last: Step, done: Sequence[Step], ended: str
    ) -> WorkflowResult[Any]:
        """What the supervisor said last, or else what a member answered last."""
        said = [each.text for each in (*done, last) if each.result is not None]
        if not said:
            raise WorkflowError(f"{self.supervisor.name} came to no decision: {last.error}")
        return run.result(said[-1], is_complete=False, ended=ended)
