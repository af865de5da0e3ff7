"""One thought of an agent, and how it stands in a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from toolyard.core.errors import StoreUnusable
from toolyard.storage.ledger_record import Record

ThoughtKind = Literal[
    "finding",
    "decision",
    "task_complete",
    "checkpoint",
    "question",
    "handoff",
    "compression",
    "idle_compression",
]
"""What a thought is for."""

KINDS: tuple[ThoughtKind, ...] = get_args(ThoughtKind)


@dataclass(frozen=True, slots=True)
class Thought:
    """One thought."""

    index: int
    """Its place in the chain, from 0."""
    at: datetime
    """When it was written down, in UTC."""
    agent_id: str
    """Whose it is."""
    kind: ThoughtKind
    text: str
    refs: tuple[int, ...]
    """Earlier thoughts that it builds on."""
    hash: str
    """That of its record."""

    @property
    def line(self) -> str:
        """It as a line of a prompt."""
        refs = ", ".join(f"#{ref}" for ref in self.refs)
        behind = f" (from {refs})" if refs else ""
        return f"[#{self.index}] {self.kind} ({self.agent_id}): {self.text}{behind}"


def entry_of(
    agent_id: str, kind: ThoughtKind, text: str, refs: tuple[int, ...]
) -> Mapping[str, Any]:
    """A new thought as an entry, of now."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    return {"agent": agent_id, "at": at, "kind": kind, "refs": list(refs), "text": text}


def thought_of(record: Record) -> Thought:
    """The thought that a record holds.

    Raises:
        StoreUnusable: It holds none.
    """
    said = record.entry
    try:
        thought = Thought(
            record.index,
            datetime.fromisoformat(said["at"]),
            said["agent"],
            said["kind"],
            said["text"],
            tuple(said["refs"]),
            record.hash,
        )
        is_good = thought.kind in KINDS and all(0 <= ref < record.index for ref in thought.refs)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreUnusable(f"Record {record.index} is no thought.") from error
    if not is_good:
        raise StoreUnusable(f"Record {record.index} is no thought.")
    return thought
