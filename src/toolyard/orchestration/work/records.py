"""What a pool keeps in its store: which keys there are, and what stands at them.

All of it is JSON that people can read. What somebody else wrote there, with the memory tool say,
is taken as a text: a description, the name of who works on it, a result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast

from toolyard.orchestration.work.item import WorkItem


class PoolKeys:
    """The keys of one pool."""

    def __init__(self, namespace: str, pool: str) -> None:
        self.all = f"{namespace}/teams:{pool}:"
        """What all begin with."""
        self.unclaimed = f"{self.all}unclaimed:"
        """Of items that are to be done, also while somebody works on them."""
        self.claimed = f"{self.all}claimed:"
        """Of who works on which, each with a lease; without one it is a result to be filed."""
        self.completed = f"{self.all}completed:"
        self.failed = f"{self.all}failed:"
        self.metadata = f"{self.all}metadata"
        """What the pool is; written when its first items are all there."""
        self.stats = f"{self.all}stats"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that is to be done, and what was tried already."""

    item: WorkItem
    attempts: int = 0
    """How often somebody began with it."""
    reasons: tuple[str, ...] = ()
    """Why attempts failed, the first one first."""
    claim: str = ""
    """By which claim the last one began."""
    is_checked: bool = False
    """Whether it must pass a check, which only those know whom it was given to."""

    @property
    def text(self) -> str:
        """As it is kept."""
        kept = asdict(replace(self, item=replace(self.item, check=None)))
        item = kept.pop("item")
        del item["check"]  # a function is nothing that can be kept
        return text_of({**item, **kept})

    @classmethod
    def of(cls, item_id: str, text: str) -> OpenItem:
        """What is kept."""
        kept = _object(text)
        return cls(
            WorkItem(
                item_id,
                str(kept.get("title", "")),
                str(kept.get("description", "" if kept else text)),
                _texts(kept.get("acceptance_criteria")),
                _texts(kept.get("depends_on")),
            ),
            _count(kept.get("attempts")),
            _texts(kept.get("reasons")),
            str(kept.get("claim", "")),
            kept.get("is_checked") is True,
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """Who works on an item."""

    worker: str
    since: str
    claim: str
    """Unlike that of any other claim."""

    @property
    def text(self) -> str:
        """As it is kept."""
        return text_of(asdict(self))

    @classmethod
    def of(cls, text: str) -> Holder:
        """What is kept."""
        kept = _object(text)
        return cls(
            str(kept.get("worker", "" if kept else text)),
            str(kept.get("since", "")),
            str(kept.get("claim", "")),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an item ended."""

    id: str
    title: str
    status: Literal["completed", "failed"]
    worker: str
    """Who ended it."""
    result: str
    """Empty if it failed."""
    at: str
    """When, in UTC, as the worker's clock says."""
    attempts: int
    reasons: tuple[str, ...] = ()
    """Why attempts failed, the first one first."""
    claim: str = ""
    """By which claim."""

    @property
    def text(self) -> str:
        """As it is kept."""
        return text_of(asdict(self))

    @classmethod
    def of(cls, item_id: str, text: str, status: Literal["completed", "failed"]) -> Outcome:
        """What is kept."""
        kept = _object(text)
        return cls(
            item_id,
            str(kept.get("title", "")),
            status,
            str(kept.get("worker", "")),
            str(kept.get("result", "" if kept else text)),
            str(kept.get("at", "")),
            _count(kept.get("attempts")),
            _texts(kept.get("reasons")),
            str(kept.get("claim", "")),
        )

    @classmethod
    def unfiled(cls, item_id: str, text: str) -> Outcome | None:
        """The outcome that stands in the place of a claim; `None` if it is a claim."""
        match _object(text).get("status"):
            case "completed" | "failed" as status:
                return cls.of(item_id, text, status)
            case _:
                return None


def now() -> str:
    """The time in UTC, for people."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def text_of(values: Mapping[str, Any]) -> str:
    """`values` as they are kept."""
    return json.dumps(values, ensure_ascii=False)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, cast("list[Any]", value))) if isinstance(value, list) else ()


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0
