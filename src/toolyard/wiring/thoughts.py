"""What the command line asks of a chain of thoughts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolyard.core.errors import ConfigError, StoreError
from toolyard.storage.ledger_check import LedgerHead, LedgerVerdict
from toolyard.storage.signed_head import SignedHead
from toolyard.thoughts.thought import KINDS, Thought
from toolyard.thoughts.thought_chain import ThoughtChain

_MAX_LINE = 1_000


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


async def verify_signed(path: Path, public_key: Path, anchor_file: Path | None) -> LedgerVerdict:
    """As `verify`, with the anchor that was signed, beside the chain if not elsewhere."""
    chain = _chain(path)
    return await chain.verify(_anchor_in(anchor_file or head_file(path)), public_key=public_key)


async def sign(path: Path, key: Path, anchor_file: Path | None) -> SignedHead:
    """Sign what the chain in a file ends with, and keep that, beside the chain if not elsewhere.

    Raises:
        ConfigError: There is no chain or no key, or the anchor cannot be written.
        StoreError: The chain is not whole.
    """
    verdict = await _chain(path).verify()
    if verdict.bad is not None:
        raise StoreError(f"It is not signed. {verdict.bad}")
    signed = SignedHead.of(verdict.head, key)
    file = anchor_file or head_file(path)
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(signed.line + "\n")
        part.replace(file)
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be written: {error.strerror}.") from error
    return signed


def head_file(path: Path) -> Path:
    """Where the signed anchor of a chain is if nothing else is said."""
    return path.with_name(f"{path.name}.head")


def new_keys(private: Path) -> Path:
    """Make a private key in a new file, and the public one beside it, which is returned."""
    # Loaded only where it is used: cryptography is large.
    from toolyard.storage import ledger_signature

    public = private.with_name(f"{private.name}.pub")
    ledger_signature.new_keys(private, public)
    return public


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


def _anchor_in(file: Path) -> SignedHead:
    try:
        with file.open() as lines:
            return SignedHead.read(lines.readline(_MAX_LINE))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The signed anchor {file.name} cannot be read.") from error


def _chain(path: Path) -> ThoughtChain:
    if not path.is_file():
        raise ConfigError(f"There is no file {path.name}.")
    return ThoughtChain(path)
