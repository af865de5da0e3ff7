"""What members are told in a step: its template, with what the names in it stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from toolyard.orchestration.planning.placeholders import (
    TASK,
    by_key,
    by_words,
    filled,
    placeholders,
)
from toolyard.orchestration.planning.plan import PlanStep
from toolyard.orchestration.planning.plan_writer import PlanWriter
from toolyard.orchestration.planning.recovery import StepFailed
from toolyard.orchestration.planning.trace import Mapped
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_result import Step


async def intent(
    task: str,
    step: PlanStep,
    earlier: Sequence[PlanStep],
    done: Mapping[str, Step],
    writer: PlanWriter,
) -> tuple[str, Sequence[Mapped]]:
    """What the member is told, and how the names in it were found.

    Args:
        task: The task of the run.
        step: What is done now.
        earlier: What was done before, in order.
        done: What came of it, by step ids.
        writer: Says what a name stands for that is no key, and has no word in common with a step.

    Raises:
        StepFailed: It cannot.
    """
    values, found = dict[str, str](), list[Mapped]()
    for name in placeholders(step.intent_template):
        if name == TASK:
            values[name] = task
            found.append(Mapped(step.step_id, name, TASK, "key"))
            continue
        source, by = await _source(name, step, earlier, writer)
        result = done[source.step_id]
        values[name] = quoted(result.member_name, result.prompt_text)
        found.append(Mapped(step.step_id, name, source.step_id, by))
    return filled(step.intent_template, values), found


async def _source(
    name: str, step: PlanStep, earlier: Sequence[PlanStep], writer: PlanWriter
) -> tuple[PlanStep, Literal["key", "words", "decision"]]:
    source = by_key(name, earlier)
    if source is not None:
        return source, "key"
    source = by_words(name, earlier)
    if source is not None:
        return source, "words"
    source = await writer.source(name, step, earlier) if earlier else None
    if source is not None:
        return source, "decision"
    raise StepFailed(f"Nobody can say which earlier step gives {name!r}.")
