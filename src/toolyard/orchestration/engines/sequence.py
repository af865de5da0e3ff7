"""One stage after the other, each of some who are asked at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from toolyard.orchestration.engines.fan_out import FanOut, one_or_all
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun

Done = Sequence[Sequence[Step]]
"""The steps of each stage so far, also of those that failed; none of one that was passed over."""

Hears = Callable[[str, Done], str | None]
"""What a stage is told, by the task and what was done so far; `None` passes it over."""

Finish = Callable[[WorkflowRun, Done], Awaitable[WorkflowResult[Any]]]
"""What comes of all stages."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Some who are asked the same at once."""

    team: FanOut
    hears: Hears
    output: Any = None
    """Of which type their answers must be; any text if `None`."""


def answered(done: Done) -> Done:
    """The stages that have something to show, with what they have."""
    shown = ([step for step in stage if step.has_text] for stage in done)
    return [stage for stage in shown if stage]


def told(task: str, said: Sequence[Step]) -> str:
    """The task, and what others said about it."""
    if not said:
        return task
    return "\n\n".join([TASK + task, *(quoted(each.member_name, each.text) for each in said)])


async def last_answer(run: WorkflowRun, done: Done) -> WorkflowResult[Any]:
    """What the last stage said that had something to say.

    Several answers are put under the names of who gave them. A stage that failed leaves the
    result a partial one, which ended by `stages_failed`.
    """
    shown = answered(done)
    final = shown[-1] if shown else run.require([*chain(*done)])
    result = await one_or_all(run, final)
    has_all = all(any(step.result is not None for step in stage) for stage in done)
    return result if has_all else result.partial("stages_failed")


class Stages:
    """Has each stage hear what it is to hear of those before, and answer.

    Everybody begins anew in every stage, and knows of the others what the stage hears.
    """

    def __init__(self, stages: Sequence[Stage], *, finish: Finish = last_answer) -> None:
        """As described.

        Args:
            stages: In their order.
            finish: What comes of them.
        """
        self.members = [member for stage in stages for member in stage.team.members]
        self._stages = stages
        self._finish = finish

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        done = list[Sequence[Step]]()
        for stage in self._stages:
            heard = stage.hears(run.task, done)
            done.append([] if heard is None else await stage.team.answers(run, heard, stage.output))
        return await self._finish(run, done)
