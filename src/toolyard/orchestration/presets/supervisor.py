"""One leads the others, step by step, to the answer."""

from __future__ import annotations

from typing import Unpack

from toolyard.orchestration.delegation.supervising import Supervising
from toolyard.orchestration.engines.delegate import Delegate
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.workflow import Workflow, WorkflowOptions


class Supervisor(Workflow):
    """The supervisor has members do parts of the task, one at a time, and gives the answer.

    A member hears what the supervisor tells it, and remembers it when it works again; the
    supervisor hears what each answered, or that no answer came. A decision that names nobody is
    made again. It ended `finished`; or the result is partial: after `max_steps`, when the
    supervisor is asked once for the best answer that it has, or with `no_decision` when it
    failed, with what was answered last.

    Args:
        members: Who may work; the supervisor chooses by what their expertise says.
        supervisor: Who decides.
        max_steps: So many decisions it may make, also those that name nobody; 1 or more.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        supervisor: Joining | Member,
        max_steps: int = 10,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(1, max_steps=max_steps)
        workers, lead = members_of(members), member_of(supervisor)
        strategy = Supervising(lead, workers, max_steps)
        super().__init__(Delegate((*workers, lead), strategy.moves), options)
