"""Who takes part in a workflow: an agent, a workflow, a function, or anything else with `run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from toolyard.agents.agent import Agent
from toolyard.agents.run_result import RunResult
from toolyard.core.errors import ConfigError
from toolyard.llm.session import Said


class Runnable(Protocol):
    """Something that does tasks, and knows nothing of earlier ones."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    async def run(self, *task: Said) -> RunResult[Any]:
        """Do a task."""
        ...


Joining = Runnable | Callable[[str], Any]
"""Who may be a member; a function gets the task as a text, and what it gives is its answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """One who takes part."""

    id: str
    """By which it is told from the others."""
    name: str
    """What the others call it."""
    does: Joining
    expertise: str = ""
    """What it knows and can do, for whoever chooses among members."""
    is_repeatable: bool = False
    """Whether a call of it may be done again if a durable run was interrupted meanwhile. Agents
    and workflows do not need it: their own calls are kept."""


Members = Sequence[Joining | Member] | Mapping[str, Joining | Member]
"""Who works together, in this order; a mapping gives them other ids than their own."""


def member_of(joining: Joining | Member, member_id: str | None = None) -> Member:
    """`joining` as a member, by an id of its own if none is given.

    Raises:
        ConfigError: It can do nothing, or is a function without a name.
    """
    if isinstance(joining, Member):
        return joining if member_id is None else _named(joining, member_id)
    if isinstance(joining, Agent):
        who = joining.identity
        return Member(member_id or who.id, who.name, joining, who.expertise)
    named = cast("Any", joining)
    name: str = getattr(named, "name", None) or member_id or getattr(named, "__name__", "")
    if not (callable(joining) or callable(getattr(named, "run", None))):
        raise ConfigError(f"A {type(joining).__name__} can be no member: it has no `run`.")
    if not name or name == "<lambda>":
        raise ConfigError("A function without a name must be given one: use a mapping of names.")
    own_id = member_id or getattr(named, "id", None) or name
    return Member(own_id, name, joining, getattr(named, "expertise", "") or _said_of(joining))


def members_of(members: Members, *, may_repeat: bool = False) -> tuple[Member, ...]:
    """Who `members` are, in their order.

    Args:
        members: The members.
        may_repeat: Whether one may come several times, who begins anew each time.

    Raises:
        ConfigError: There are none, or two with the same id, or one who may not comes again.
    """
    if isinstance(members, Mapping):
        found = tuple(member_of(each, name) for name, each in members.items())
    else:
        found = tuple(member_of(each) for each in members)
    refuse_same(found, may_repeat=may_repeat)
    if not found:
        raise ConfigError("A workflow needs at least one member.")
    return found


def refuse_same(members: Sequence[Member], *, may_repeat: bool = True) -> None:
    """Raise if two different members have the same id, by which they could not be told apart.

    Raises:
        ConfigError: Two have; or one comes again, which it may not.
    """
    seen = dict[str, Member]()
    for each in members:
        if seen.setdefault(each.id, each) != each:
            raise ConfigError(
                f"Two members have the id {each.id!r}: give one of them another, by a mapping."
            )
    if not may_repeat and len(seen) < len(members):
        twice = next(each.id for at, each in enumerate(members) if each in members[:at])
        raise ConfigError(
            f"The member {twice!r} comes twice: take one out, or give it another id by a mapping."
        )


def _named(member: Member, member_id: str) -> Member:
    return replace(member, id=member_id)


def _said_of(function: object) -> str:
    """The first line of its docstring, if it is a function that has one."""
    said = (getattr(function, "__doc__", None) or "") if hasattr(function, "__name__") else ""
    return said.strip().partition("\n")[0]
