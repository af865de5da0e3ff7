"""A piece of work, and what must be true of a list of them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from toolyard.core.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer passes, and why."""

    passes: bool
    reason: str = ""


class Check(Protocol):
    """What must pass before an item counts as done: any function, async or not."""

    def __call__(
        self, item: WorkItem, answer: str, /
    ) -> bool | str | Verdict | Awaitable[bool | str | Verdict]:
        """Yes or no; or what is missing, empty if nothing is; or a whole verdict."""
        ...


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A piece of work.

    Raises:
        ConfigError: An id is malformed.
    """

    id: str
    """1 to 128 letters, digits, `.`, `_` and `-`; by which it is known in its pool."""
    title: str = ""
    description: str = ""
    acceptance_criteria: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    """The ids of items that must be done before."""
    check: Check | None = None
    """Kept in this process only: who works elsewhere gives it there."""

    def __post_init__(self) -> None:
        for each in (self.id, *self.depends_on):
            check_name(each, "The id of an item")


def check_name(name: str, what: str) -> None:
    """`ConfigError` if `name`, called `what`, cannot be part of a key."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what} has 1 to 128 letters, digits, '.', '_' and '-', unlike {name[:80]!r}."
        )


def in_order(items: Iterable[WorkItem], known: Iterable[str] = ()) -> Sequence[WorkItem]:
    """The items, each after those it depends on.

    Args:
        items: Those that come together.
        known: The ids of items that are there already.

    Raises:
        ConfigError: An id comes twice, a dependency is not there, or some wait for each other.
    """
    by_id: dict[str, WorkItem] = {}
    for item in items:
        if item.id in by_id:
            raise ConfigError(f"Two items have the id {item.id!r}: give each its own.")
        by_id[item.id] = item
    there = {*by_id, *known}
    for item in by_id.values():
        for each in item.depends_on:
            if each not in there:
                raise ConfigError(
                    f"The item {item.id!r} depends on {each!r}, which is no item: "
                    "add that too, or take it out of `depends_on`."
                )
    try:
        order = [
            *TopologicalSorter({each.id: each.depends_on for each in by_id.values()}).static_order()
        ]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ConfigError(
            f"These items wait for each other: {circle}. Take one out of `depends_on`."
        ) from None
    return [by_id[each] for each in order if each in by_id]
