"""What is wrong with a plan before anybody works by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolyard.orchestration.member import Member
from toolyard.orchestration.planning.placeholders import (
    PREVIOUS,
    RESERVED,
    TASK,
    by_key,
    by_words,
    placeholders,
)
from toolyard.orchestration.planning.plan import Plan, PlanStep
from toolyard.orchestration.texts.roster import meant, names


def problems(plan: Plan, members: Sequence[Member], *, is_guessed: bool) -> Sequence[str]:
    """What is wrong with `plan`, a sentence each.

    Args:
        plan: The plan.
        members: Who may do its steps.
        is_guessed: Whether somebody can say later which earlier step is meant by a name.
    """
    if not plan.steps:
        return ["It has no steps; it needs at least one."]
    found, taken = list[str](), set[str](RESERVED)
    for at, step in enumerate(plan.steps):
        found += _misnamed(step, taken)
        taken.update(step.keys)
        if meant(step.assigned_agent, members) is None:
            found.append(
                f"Step {step.step_id!r} is for {step.assigned_agent[:100]!r}, who is no member; "
                f"there are only: {names(members)}."
            )
        found += _unresolvable(step, plan.steps[:at], is_guessed)
    return found


def _misnamed(step: PlanStep, taken: set[str]) -> Iterator[str]:
    for at, key in enumerate(step.keys):
        if not key.strip():
            yield "A step has an empty step_id or output_key; give it a name."
        elif key in taken or key in step.keys[:at]:
            yield f"{key!r} stands for two things; each step_id and output_key must differ."


def _unresolvable(step: PlanStep, earlier: Sequence[PlanStep], is_guessed: bool) -> Iterator[str]:
    for name in placeholders(step.intent_template):
        if name == TASK or by_key(name, earlier) or by_words(name, earlier):
            continue
        if earlier and is_guessed:
            continue
        known = [TASK, *(key for each in earlier for key in each.keys)]
        known += [PREVIOUS] if earlier else []
        yield (
            f"Step {step.step_id!r} names {name!r}, which no earlier step gives; it may name: "
            f"{', '.join(known)}."
        )
