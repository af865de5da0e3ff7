"""A summary that says more each time it is written anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Unpack

from toolyard.orchestration.engines.refine import Draft, Refine
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Density = Literal["entities", "details", "examples"]

FIRST = (
    "Write a short summary of that text. Leave out most of the {what} for now. Give the summary "
    "alone."
)
DENSER = (
    "Write your last summary anew: keep all that it says, and add {what} that are in the text and "
    "still missing in it, the most important first. {length} Give the summary alone."
)
KEEP_LENGTH = (
    "It may not be longer than {length} characters: make room by saying the rest in fewer words."
)
MAY_GROW = "It may grow by what is added."
ADDED: dict[Density, str] = {
    "entities": "names of people, places, things, times and numbers",
    "details": "details: causes, conditions and results",
    "examples": "examples",
}


class ChainOfDensity(Workflow):
    """The generator sums the task's text up, then writes the summary anew with more in it.

    The result is the last summary. It ended by `max_rounds`.

    Args:
        generator: Who writes.
        num_iterations: How many summaries are written, the first included, 1 or more.
        add: What more there is in each: `entities`, `details` or `examples`.
        keep_length: Whether none may be longer than the first; it is told so in characters.
        options: As of every workflow.

    Raises:
        ConfigError: An option is out of its range.
    """

    def __init__(
        self,
        generator: Joining | Member,
        *,
        num_iterations: int = 5,
        add: Density = "entities",
        keep_length: bool = True,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(1, num_iterations=num_iterations)
        refuse_other(Density, add=add)

        def instruct(drafts: Sequence[Draft]) -> str:
            if not drafts:
                return FIRST.format(what=ADDED[add])
            first = len(drafts[0].text)
            length = KEEP_LENGTH.format(length=first) if keep_length else MAY_GROW
            return DENSER.format(what=ADDED[add], length=length)

        super().__init__(
            Refine(member_of(generator), rounds=num_iterations, instruct=instruct), options
        )
