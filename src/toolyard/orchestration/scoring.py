"""Scores that functions give which whoever made a workflow gave it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentFailed
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
    try:
        value = await run.call(name, function, *arguments)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise WorkflowError(f"The {name} must give a number from 0 to 1, not {value!r}.")
        return Score(float(value))
    except Exception as failure:  # it must not end the members' work unless that is wanted
        if run.facts.on_error == "raise":
            raise
        if not isinstance(failure, WorkflowError):
            logger.exception("the %s failed", name)
        error = sentence(failure)
        run.tell(AgentFailed, agent_id=name, agent_name=name, error=error)
        return Score(None, error)
