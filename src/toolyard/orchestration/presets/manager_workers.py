"""One splits the task, the others do the parts, and it puts them together."""

from __future__ import annotations

from typing import Unpack

from toolyard.orchestration.delegation.splitting import Splitting, Synthesis
from toolyard.orchestration.engines.delegate import Delegate
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.workflow import Workflow, WorkflowOptions


class ManagerWorkers(Workflow):
    """The manager splits the task and says who does which part; of the results it makes one.

    It chooses by what the members' expertise says. If it names somebody who is no member it is
    asked once more, and then does that part itself; if it names no parts, or fails, it does the
    whole task itself, and it ended `alone`. Else it ended `synthesized`, or `not_synthesized` if
    the manager fails at the end: then the results stand side by side. The result is partial if a
    part or the end failed; the metadata has the `subtasks`.

    Args:
        members: Who may do parts. Each part is done knowing nothing of the task but the part.
        manager: Who splits the task and puts the results together.
        max_subtasks: Into how many parts at most, 1 or more; a longer list is refused, and
            the manager asked again.
        parallel: Whether all are done at once. Else they are done one after the other, and each
            is told what came of those before it.
        synthesis: `summarize` has the manager answer in short, `merge` has it work all results
            into one text, `concatenate` puts them side by side, and asks nobody.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        manager: Joining | Member,
        max_subtasks: int = 5,
        parallel: bool = True,
        synthesis: Synthesis = "summarize",
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(1, max_subtasks=max_subtasks)
        refuse_other(Synthesis, synthesis=synthesis)
        workers, lead = members_of(members), member_of(manager)
        strategy = Splitting(lead, workers, max_subtasks, parallel, synthesis)
        super().__init__(Delegate((*workers, lead), strategy.moves), options)
