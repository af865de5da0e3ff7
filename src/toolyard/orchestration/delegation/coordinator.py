"""The one who decides in a team, and what it knows of the others' work."""

from __future__ import annotations

from typing import Any

from toolyard.orchestration.hub import Hub
from toolyard.orchestration.member import Member
from toolyard.orchestration.workflow_result import Step
from toolyard.orchestration.workflow_run import WorkflowRun

NO_ANSWER = "(No answer came.)"
_SELF = ""
"""Its id as a listener: work that it does itself in another place is news to it here."""


class Coordinator:
    """Hears the task and what there is to know, once; then what the others did, and questions.

    One who remembers nothing is told all of it each time, with what it said itself.
    """

    def __init__(self, run: WorkflowRun, member: Member, brief: str) -> None:
        """As described.

        Args:
            run: In which it decides.
            member: Who does.
            brief: What it is told of the team, and of what it is to do, after the task.
        """
        self.member = member
        self._run = run
        self._seat = run.seat(member)
        self._hub = Hub(f"{run.task}\n\n{brief}")

    async def ask(self, question: str, *, output: Any = None, reason: str) -> Step:
        """Ask it something, after what is new to it; as `WorkflowRun.ask`."""
        hub, remembers = self._hub, self._seat.remembers
        news = hub.news(_SELF, remembers=remembers)
        prompt = f"{news}\n\n{question}" if news else question
        step = await self._run.ask(self._seat, prompt, output=output, reason=reason)
        if step.result is not None:
            hub.hear(_SELF)
            if not remembers:
                hub.say(_SELF, self.member.name, step.text)
        return step

    def tell(self, step: Step, *, name: str | None = None) -> None:
        """Have it hear what one of the others answered, before the next question.

        Args:
            step: In which it did.
            name: By which it knows who did, if not by the member's name.
        """
        text = step.prompt_text if step.has_text else NO_ANSWER
        self._hub.say(step.member_id, name or step.member_name, text)
