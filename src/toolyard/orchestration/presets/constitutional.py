"""An answer is written anew until it keeps to principles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack

from pydantic import BaseModel, Field, create_model

from toolyard.core.errors import ConfigError
from toolyard.orchestration.engines.refine import (
    Assessment,
    Assessor,
    Draft,
    Refine,
    Remark,
    Weigh,
    revising,
)
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_other, refuse_same_names
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_result import Step
from toolyard.orchestration.workflow_run import WorkflowRun

Severity = Literal["warning", "error", "critical"]

JUDGE = (
    "Say of each of these principles whether the answer above keeps to it, and why:\n\n{principles}"
)
REVISE = (
    "Your last answer does not keep to the principles that are named above. Write the whole answer "
    "anew, so that it does. Give the answer alone."
)


@dataclass(frozen=True, slots=True)
class Principle:
    """What answers have to keep to.

    Raises:
        ConfigError: It has no name, or another severity.
    """

    name: str
    description: str
    """What it demands, a sentence."""
    severity: Severity = "error"
    """An answer that breaks one of `critical` is written anew; so is one of `error`, unless the
    workflow is told otherwise; one of `warning` is only told of."""

    def __post_init__(self) -> None:
        if not self.name:
            raise ConfigError("A principle needs a name.")
        refuse_other(Severity, severity=self.severity)


class Verdict(BaseModel):
    """Whether an answer keeps to a principle."""

    reason: str = Field(description="Why, a sentence; if it does not, what has to change.")
    passes: bool = Field(description="Whether the answer keeps to the principle.")


class Constitutional(Workflow):
    """The generator writes; the critic judges by each principle; it is written anew as needed.

    It ended by `accepted` if all principles are kept that have to be, otherwise by `max_rounds`,
    which is partial. The score is the share of those principles that are kept. The result is the
    draft that was accepted, or else the one with the best score; its metadata has under
    `violations` why it breaks which principle, warnings included.

    A critic whose answer does not speak of every principle is asked again; a draft that it does
    not judge at all is not accepted, but judged again in the next round.

    Args:
        generator: Who writes.
        principles: What it has to keep to, one or more, with different names.
        critic: Who judges; the generator if not given, in a conversation of its own.
        max_revisions: How often at most the answer is written anew, 0 or more.
        require_all_pass: Whether principles of the severity `error` have to be kept; otherwise
            only those that are `critical`.
        options: As of every workflow.

    Raises:
        ConfigError: The number is out of its range, or there are no principles, or two of the
            same name.
    """

    def __init__(
        self,
        generator: Joining | Member,
        principles: Sequence[Principle],
        *,
        critic: Joining | Member | None = None,
        max_revisions: int = 3,
        require_all_pass: bool = True,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(0, max_revisions=max_revisions)
        refuse_same_names("principles", [each.name for each in principles])
        writer = member_of(generator)
        question = JUDGE.format(principles="\n".join(map(_line, _fields(principles), principles)))
        binding = ("error", "critical") if require_all_pass else ("critical",)

        def asks(draft: Draft) -> str:
            return f"{quoted(draft.name, draft.text)}\n\n{question}"

        judge = writer if critic is None else member_of(critic)
        engine = Refine(
            writer,
            rounds=max_revisions + 1,
            instruct=revising(REVISE),
            assessors=[Assessor(judge, asks, _verdicts(principles))],
            weigh=_weighing(principles, binding),
            must_be_accepted=True,
        )
        super().__init__(engine, options)


def _fields(principles: Sequence[Principle]) -> Sequence[str]:
    """What the principles are called in verdicts."""
    return [f"principle_{at}" for at in range(1, len(principles) + 1)]


def _line(field: str, principle: Principle) -> str:
    return f"{field} ({principle.severity}), {principle.name}: {principle.description}"


def _verdicts(principles: Sequence[Principle]) -> type[BaseModel]:
    """The type of an answer that has a verdict for each of the principles."""
    fields: dict[str, Any] = {
        field: (Verdict, Field(description=each.name))
        for field, each in zip(_fields(principles), principles, strict=True)
    }
    return create_model("Verdicts", **fields)


def _weighing(principles: Sequence[Principle], binding: Sequence[Severity]) -> Weigh:
    """What the verdicts come to; only principles of the severities `binding` must be kept."""

    async def weigh(run: WorkflowRun, draft: Draft, steps: Sequence[Step]) -> Assessment:
        del run, draft
        (step,) = steps
        verdicts: list[Verdict] = [getattr(step.output, each) for each in _fields(principles)]
        broken = [
            (principle, verdict.reason)
            for principle, verdict in zip(principles, verdicts, strict=True)
            if not verdict.passes
        ]
        count = sum(each.severity in binding for each in principles)
        failed = sum(each.severity in binding for each, _ in broken)
        text = "\n".join(f"- {each.name} ({each.severity}): {why}" for each, why in broken)
        return Assessment(
            remarks=[Remark(step.member_name, text)],
            is_accepted=failed == 0,
            score=1 - failed / count if count else 1.0,
            details={"violations": {each.name: why for each, why in broken}},
        )

    return weigh
