"""The members for whoever chooses among them, and who is meant by what it says."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from toolyard.orchestration.member import Member

_ID, _NAME = attrgetter("id"), attrgetter("name")
_MOST_LETTERS = 100
"""Of a name that is none."""


def roster(members: Sequence[Member]) -> str:
    """The members, a line each: by what to call them, and what they can do."""
    return "\n".join(f"- {each.id}: {_known_for(each)}" for each in members)


def names(members: Sequence[Member]) -> str:
    """By what to call the members, in a sentence."""
    return ", ".join(each.id for each in members)


def nobody(unknown: Sequence[str], members: Sequence[Member]) -> str:
    """A sentence for whoever named those `unknown`: who there is."""
    named = ", ".join(repr(each[:_MOST_LETTERS]) for each in unknown)
    return f"There is no member called {named}, only: {names(members)}."


def meant(name: str, members: Sequence[Member]) -> Member | None:
    """The one whose id, or else whose name, that is; if only the case differs, it must be one."""
    wanted = name.strip().strip("`'\"")
    for write in (str, str.casefold):
        for known in (_ID, _NAME):
            found = [each for each in members if write(known(each)) == write(wanted)]
            if len(found) == 1:
                return found[0]
    return None


def _known_for(member: Member) -> str:
    known = " ".join(member.expertise.split())
    if member.name == member.id:
        return known or "(nothing is said of what it can do)"
    return f"{member.name}. {known}".rstrip()
