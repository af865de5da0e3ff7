"""One writes, looks at what it wrote, and writes it better."""

from __future__ import annotations

from string import Formatter
from typing import Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.deciding.scoring import Scorer
from toolyard.orchestration.engines.refine import (
    Assessor,
    Draft,
    IsSettled,
    Refine,
    alike,
    never,
    revising,
)
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_no_share
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_run import WorkflowRun

FIELDS = PREVIOUS, CURRENT = "previous_output", "current_output"

REFLECT = (
    "{current_output}\n\n"
    "Look at this answer to the task as a strict reader would. Say what is wrong, missing, unclear "
    "or too long in it, and what to do about each."
)
REVISE = (
    "The above was said of your last answer. Write the whole answer anew, better by it. Give the "
    "answer alone."
)


class Reflection(Workflow):
    """The generator writes; the reflector says what is not good; the generator writes anew.

    The reflector has a conversation of its own, also if it is the generator. It ended by
    `converged` or `max_rounds`, both complete. With a scorer the result is the draft with the
    best score, otherwise the last one.

    If the scorer fails, the run does if `on_error` is `raise`. Otherwise that is an event, the
    draft has no score, and the result's metadata tells of it under `errors`.

    Args:
        generator: Who writes.
        reflector: Who judges; the generator if not given.
        max_reflections: How often at most what was written is judged and then written anew, 0 or
            more: there is one draft more than that.
        min_improvement: Ends it with a draft that is better by no more than this, from 0 to 1: by
            the difference of the scores, or without a scorer by the share of words that are not
            in both drafts. Not looked at if not given.
        scorer: How good a text is, from 0 to 1.
        reflection_prompt_template: What the reflector is asked. It holds `{current_output}`, for
            which the draft is put in, and may hold `{previous_output}`, the draft before it,
            which is empty at first. Other braces are written twice.
        options: As of every workflow.

    Raises:
        ConfigError: A number is out of its range, or the template is none.
    """

    def __init__(
        self,
        generator: Joining | Member,
        reflector: Joining | Member | None = None,
        *,
        max_reflections: int = 3,
        min_improvement: float | None = None,
        scorer: Scorer | None = None,
        reflection_prompt_template: str = REFLECT,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(0, max_reflections=max_reflections)
        refuse_no_share(min_improvement=min_improvement)
        _refuse_unfit(reflection_prompt_template)
        writer = member_of(generator)
        reader = writer if reflector is None else member_of(reflector)

        def asks(draft: Draft) -> str:
            shown = {
                CURRENT: quoted(draft.name, draft.text),
                PREVIOUS: quoted(draft.name, draft.before),
            }
            return reflection_prompt_template.format_map(shown)

        engine = Refine(
            writer,
            rounds=max_reflections + 1,
            instruct=revising(REVISE),
            assessors=[Assessor(reader, asks)],
            scorer=scorer,
            is_settled=_settling(min_improvement, is_scored=scorer is not None),
        )
        super().__init__(engine, options)


def _settling(least: float | None, *, is_scored: bool) -> IsSettled:
    if least is None:
        return never
    return _better(least) if is_scored else alike(1 - least)


def _better(least: float) -> IsSettled:
    """A draft is the last whose score is over that of the one before it by `least`, or less."""

    def is_settled(run: WorkflowRun, before: Draft, draft: Draft) -> bool:
        del run
        if before.score is None or draft.score is None:
            return False
        return draft.score - before.score <= least

    return is_settled


def _refuse_unfit(template: str) -> None:
    """Raise for a template that is not as it must be.

    Raises:
        ConfigError: It is not.
    """
    name = "reflection_prompt_template"
    try:
        pieces = [piece for piece in Formatter().parse(template) if piece[1] is not None]
    except ValueError as error:
        raise ConfigError(f"{name} cannot be read: {error}. Write other braces twice.") from error
    fields = [field for _, field, _, _ in pieces]
    if any(form or conversion for _, _, form, conversion in pieces) or {*fields} - {*FIELDS}:
        raise ConfigError(
            f"{name} may hold {{{CURRENT}}} and {{{PREVIOUS}}} alone; it holds "
            f"{', '.join(str(each) for each in fields)}. Write other braces twice."
        )
    if CURRENT not in fields:
        raise ConfigError(f"{name} must hold {{{CURRENT}}}, for which the draft is put in.")
