"""Gives members their places in a run."""

from __future__ import annotations

from dataclasses import replace

from toolyard.agents.agent import Agent
from toolyard.orchestration.member import Member
from toolyard.orchestration.seats.agent_seat import AgentSeat
from toolyard.orchestration.seats.call_seat import CallSeat
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.surroundings import Surroundings


def seat_of(member: Member, around: Surroundings) -> Seat:
    """A place for `member` in a run with these surroundings."""
    elsewhere = around.elsewhere
    if elsewhere is not None:
        if seat := elsewhere.seat(member, around):
            return seat
        around = replace(around, elsewhere=elsewhere.inside(member))
    if isinstance(member.does, Agent):
        return AgentSeat(member, member.does, around)
    return CallSeat(member, around)
