"""Has what came of a step checked by a member."""

from __future__ import annotations

from pydantic import BaseModel, Field

from toolyard.orchestration.member import Member
from toolyard.orchestration.planning.plan import PlanStep
from toolyard.orchestration.planning.recovery import StepFailed
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_result import Step
from toolyard.orchestration.workflow_run import WorkflowRun

VALIDATE = """A member of a team has done this step of a plan: {description}
What must come of it: {expected}
What came of it:

{answer}

Does it pass?"""


class Verdict(BaseModel):
    """Whether what came of a step will do."""

    passed: bool
    reason: str = Field("", description="Why not, for whoever does it again.")


async def validate(run: WorkflowRun, validator: Member, planned: PlanStep, step: Step) -> None:
    """Have `validator`, who knows nothing else of the run, check what came of a step.

    Raises:
        StepFailed: It does not pass, or the validator fails.
    """
    prompt = VALIDATE.format(
        description=planned.description,
        expected=planned.expected_output,
        answer=quoted(step.member_name, step.prompt_text),
    )
    said = await run.ask(
        run.seat(validator),
        prompt,
        output=Verdict,
        reason="checks a step",
        step_id=f"{planned.step_id}/check",
        task_id=planned.step_id,
    )
    if said.result is None:
        why = f"It could not be checked: {said.error}"
        raise StepFailed(why, is_retryable=said.is_retryable)
    verdict: Verdict = said.output
    if not verdict.passed:
        why = f"It did not pass: {verdict.reason or 'no reason was given.'}"
        raise StepFailed(why, told=quoted(validator.name, why))
