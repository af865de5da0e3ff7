"""What comes of several answers to the same task, or to the pieces of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun


async def concatenated(run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
    """All answers, one after the other; as a value, a list of them."""
    return run.result(
        "\n\n".join(each.text for each in steps), output=[each.output for each in steps]
    )


class Synthesis:
    """Has one member make one answer of all; a single one is left as it is.

    What that member fails to put together is put one after the other, and the result is a
    partial one, which ended `not_combined`.
    """

    def __init__(
        self, by: Member, asked: str, *, with_task: bool = True, fits: int | None = None
    ) -> None:
        """As described.

        Args:
            by: Who does it, anew each time.
            asked: What that member is told to do, after the answers.
            with_task: Whether it hears the task too, before them.
            fits: So many letters of answers it is shown at a time, but always two answers or
                more; what comes of them is put together in turn, until all is one. All are shown
                at once if not given.
        """
        self._by = by
        self._asked = asked
        self._with_task = with_task
        self._fits = fits

    async def __call__(self, run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
        """As `Combine`."""
        parts = [_Part.of(each) for each in steps]
        is_made = True
        while len(parts) > 1:
            groups = self._groups(parts)
            several = [group for group in groups if len(group) > 1]
            asks = [Ask(run.seat(self._by), self._prompt(run, group)) for group in several]
            made = await run.ask_all(asks, reason="puts the answers together")
            is_made = is_made and all(step.result is not None for step in made)
            left = iter(made)
            parts = [group[0] if len(group) == 1 else _one(group, next(left)) for group in groups]
        (part,) = parts
        result = run.result(part.text, output=part.output)
        return result if is_made else result.partial("not_combined")

    def _groups(self, parts: Sequence[_Part]) -> Sequence[Sequence[_Part]]:
        """What is shown together."""
        if self._fits is None:
            return [parts]
        groups, letters = list[list[_Part]](), 0
        for part in parts:
            letters += len(part.text)
            if groups and (len(groups[-1]) < 2 or letters <= self._fits):
                groups[-1].append(part)
            else:
                groups.append([part])
                letters = len(part.text)
        return groups

    def _prompt(self, run: WorkflowRun, group: Sequence[_Part]) -> str:
        task = [TASK + run.task] if self._with_task else []
        return "\n\n".join([*task, *(quoted(each.name, each.text) for each in group), self._asked])


class _Part(NamedTuple):
    """An answer, or what came of several that follow on each other."""

    first: str
    """Whose it is, or of which piece."""
    last: str
    text: str
    output: Any

    @classmethod
    def of(cls, step: Step) -> _Part:
        """An answer."""
        name = step.task_id or step.member_name
        return cls(name, name, step.text, step.output)

    @property
    def name(self) -> str:
        """Of which pieces it is."""
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


def _one(group: Sequence[_Part], made: Step) -> _Part:
    """What was made of a group, or all of it if nothing was."""
    text, output = made.text, made.output
    if made.result is None:
        text = output = "\n\n".join(each.text for each in group)
    return _Part(group[0].first, group[-1].last, text, output)
