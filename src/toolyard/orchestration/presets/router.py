"""One member is chosen, and does the task."""

from __future__ import annotations

from typing import Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.delegation.routing import Routing
from toolyard.orchestration.engines.delegate import Delegate
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.texts.roster import names
from toolyard.orchestration.workflow import Workflow, WorkflowOptions


class Router(Workflow):
    """The router decides which member does the task; that member's answer is the result.

    The router chooses by what the members' expertise says; a router that names nobody is asked
    once more, unless there is a fallback. It ended `routed` or by `fallback`; the metadata says
    which `member` it was, and the `reason`.

    Args:
        members: Who may be chosen. The chosen one hears the task and nothing else.
        router: Who chooses.
        fallback: The id of the member who does the task if the router names nobody who is a
            member, or fails; without it the run fails then. It does not stand in for a member who
            was chosen and fails.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        router: Joining | Member,
        fallback: str | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        workers, chooser = members_of(members), member_of(router)
        by_id = {each.id: each for each in workers}
        if fallback is not None and fallback not in by_id:
            raise ConfigError(
                f"fallback must be the id of a member ({names(workers)}), not {fallback!r}."
            )
        strategy = Routing(chooser, workers, None if fallback is None else by_id[fallback])
        super().__init__(Delegate((*workers, chooser), strategy.moves), options)
