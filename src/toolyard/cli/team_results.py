"""Runs of a user's own workflow, watched at a terminal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio

from toolyard.cli.terminal import say, start_logging, write, write_json

if TYPE_CHECKING:
    from toolyard.wiring.workflow_runs import Hear, Opening, WorkflowResult

    Conduct = Callable[[Opening, Hear], Awaitable[WorkflowResult[Any]]]


def conducted(reference: str, rounds: int | None, conduct: Conduct, *, as_json: bool) -> None:
    """Load a workflow, have it run as `conduct` does, and print what came of it.

    What the team does is shown on standard error, unless a script asks.
    """
    start_logging(logging.WARNING)
    from toolyard.wiring.output import results_apart
    from toolyard.wiring.workflow_file import workflow_in
    from toolyard.wiring.workflow_runs import ConsoleSink, whole

    opening = workflow_in(reference, rounds)
    with results_apart(), ConsoleSink() as screen:
        result = anyio.run(conduct, opening, _unheard if as_json else screen)
    if as_json:
        write_json(whole(result))
        return
    write(result.text)
    if result.status == "partial":
        say(f"It did not come to its end: {result.ended or 'an answer was cut off'}.", "yellow")


def _unheard(event: object) -> None:
    del event
