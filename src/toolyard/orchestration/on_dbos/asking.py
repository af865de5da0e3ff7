"""A member does what it was asked from another process, or from this one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from toolyard.agents.agent import Agent
from toolyard.core.errors import (
    ConfigError,
    JournalError,
    RunDiverged,
    StepInDoubt,
    StoreError,
    ToolyardError,
)
from toolyard.llm.session_json import message_json, message_of
from toolyard.orchestration.member import Member
from toolyard.orchestration.on_dbos.failing import error_text
from toolyard.orchestration.on_dbos.request import (
    read_budget,
    read_output,
    written_answer,
    written_spent,
    written_use,
)
from toolyard.orchestration.run_json import read_task
from toolyard.orchestration.seats.agent_seat import AgentSeat
from toolyard.orchestration.seats.call_seat import CallSeat
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.workflow import Workflow

logger = logging.getLogger("toolyard.orchestration")


async def answered(team: Workflow, request: Mapping[str, Any], around: Surroundings) -> Any:
    """What the member answers that `request` is for, also that it fails.

    Raises:
        JournalError: The run cannot go on here.
        StoreError: It cannot be kept.
    """
    member, around = _found(team, request, around)
    budgets = tuple(map(read_budget, request["budgets"]))
    seat = _seat(member, replace(around, budgets=budgets), request)
    said, output = read_task(request["said"]), read_output(request["output"])
    answer = dict[str, Any]()
    try:
        answer["result"] = written_answer(await seat.say(said, output))
    except Exception as error:  # one member must not end the others' work
        if _ends_here(error):
            raise
        answer["error"] = error_text(error)
        if not isinstance(error, ToolyardError):
            logger.exception("the member %r failed", member.id)
    conversation = seat.conversation if isinstance(seat, AgentSeat) else ()
    return {
        **answer,
        "conversation": list(map(message_json, conversation)),
        "spent": written_spent(seat.spent),
        "used": list(map(written_use, budgets, request["budgets"])),
    }


def _ends_here(error: Exception) -> bool:
    """Whether the member has not failed, but the work is to be done again."""
    is_kept = isinstance(error, StepInDoubt | RunDiverged)
    return isinstance(error, JournalError | StoreError) and not is_kept


def _seat(member: Member, around: Surroundings, request: Mapping[str, Any]) -> Seat:
    if not isinstance(member.does, Agent):
        return CallSeat(member, around)
    seat = AgentSeat(member, member.does, around)
    seat.conversation = tuple(map(message_of, request["conversation"]))
    return seat


def _found(
    team: Workflow, request: Mapping[str, Any], around: Surroundings
) -> tuple[Member, Surroundings]:
    """The member, and what it works in."""
    around = team.within(around)
    for member_id in request["within"][1:]:
        inner = _member(team, member_id).does
        if not isinstance(inner, Workflow):
            raise ConfigError(f"{member_id!r} is no workflow here: use the same in each process.")
        team, around = inner, inner.within(around)
    return _member(team, request["member"]), around


def _member(team: Workflow, member_id: str) -> Member:
    for each in team.members:
        if each.id == member_id:
            return each
    raise ConfigError(
        f"{team.id!r} has no member {member_id!r} here: give each process the same workflows."
    )
