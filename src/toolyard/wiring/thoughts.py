"""What the command line asks of a chain of thoughts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolyard.core.errors import ConfigError
from toolyard.storage.ledger_check import LedgerHead, LedgerVerdict
from toolyard.thoughts.thought import KINDS, Thought
from toolyard.thoughts.thought_chain import ThoughtChain


def anchor_in(text: str) -> LedgerHead:
    """The head that `COUNT:HASH` says; `ConfigError` if it says none."""
    count, colon, digest = text.partition(":")
    is_hash = len(digest) == 64 and set(digest) <= set("0123456789abcdef")
    if not (colon and count.isascii() and count.isdigit() and len(count) < 16 and is_hash):
        raise ConfigError("An anchor is COUNT:HASH, as `toolyard thoughts verify` shows it.")
    return LedgerHead(int(count), digest)


async def verify(path: Path, anchor: LedgerHead | None) -> LedgerVerdict:
    """Whether the chain in a file is whole; `ConfigError` if there is no file."""
    return await _chain(path).verify(anchor)


async def show(
    path: Path, *, kind: str | None, agent: str | None, text: str | None, last: int | None
) -> Sequence[Thought]:
    """The thoughts in a file that meet all that is given; `ConfigError` if there is no file."""
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"There is no kind of thought {kind!r}; take {', '.join(KINDS)}.")
    return await _chain(path).find(kind=kind, agent_id=agent, text=text, last=last)


def written(thought: Thought) -> Mapping[str, Any]:
    """A thought for a script."""
    return {
        "index": thought.index,
        "at": thought.at.isoformat(),
        "agent": thought.agent_id,
        "kind": thought.kind,
        "text": thought.text,
        "refs": list(thought.refs),
        "hash": thought.hash,
    }


def _chain(path: Path) -> ThoughtChain:
    if not path.is_file():
        raise ConfigError(f"There is no file {path.name}.")
    return ThoughtChain(path)
