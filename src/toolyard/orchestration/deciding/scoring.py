"""Scores that functions give which whoever made a workflow gave it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentFailed
from toolyard.orchestration.calling import called
from toolyard.orchestration.workflow_run import WorkflowRun, sentence

logger = logging.getLogger("toolyard.orchestration")

Scorer = Callable[[str], float | Awaitable[float]]
"""How good a text is, from 0 to 1."""


class Score(NamedTuple):
    """What came of asking for one."""

    value: float | None
    """From 0 to 1; `None` if it failed."""
    error: str = ""
    """Why it failed, a sentence."""


async def score_by(
    run: WorkflowRun, name: str, function: Callable[..., Any], *arguments: Any
) -> Score:
    """What `function` gives. If it fails, that is told as of a member that is called `name`.

    Raises:
        Exception: Whatever it raised, if `on_error` is `raise`.
        WorkflowError: It gave something else than a score, in the same case.
    """

    async def asked(*given: Any) -> Score:
        try:
            return Score(_checked(name, await called(function, *given)))
        except Exception as failure:  # it must not end the members' work unless that is wanted
            if run.facts.on_error == "raise":
                raise
            if not isinstance(failure, WorkflowError):
                logger.exception("the %s failed", name)
            return Score(None, sentence(failure))  # a value, so that it stays failed when replayed

    score: Score = await run.call(name, asked, *arguments, kind=Score)
    if score.error:
        run.tell(AgentFailed, agent_id=name, agent_name=name, error=score.error)
    return score


def _checked(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise WorkflowError(f"The {name} must give a number from 0 to 1, not {value!r}.")
    return float(value)
