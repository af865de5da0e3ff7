"""The thoughts of agents: only ever added to, asked by what they are about, and verified."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from anyio import to_thread

from toolyard.core.errors import ConfigError, StoreError
from toolyard.storage.ledger import Ledger
from toolyard.storage.ledger_check import LedgerHead, LedgerVerdict, check, records_in
from toolyard.storage.signed_head import SignedHead
from toolyard.thoughts.thought import KINDS, Thought, ThoughtKind, entry_of, thought_of

T = TypeVar("T")

RESTORED = "RESTORED CONTEXT"
RECENT = "RECENT CONTEXT"


class ThoughtChain:
    """A chain of thoughts in a file of JSON lines; it is entered by the one who writes to it.

    A thought is on the disk when `append` returns. Reading needs no entering, may be done while
    somebody writes, and takes the memory of what is asked for, however long the chain is.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._ledger = Ledger(self._path)

    async def __aenter__(self) -> Self:
        """Take the file to write to it; raises as `Ledger`."""
        await self._ledger.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._ledger.__aexit__(kind, error, traceback)

    @property
    def head(self) -> LedgerHead:
        """How many thoughts there are, and the hash they end with, as the writer knows it."""
        return self._ledger.head

    @property
    def torn_bytes(self) -> int:
        """How much of a thought that was never acknowledged was cut off on entering."""
        return self._ledger.torn_bytes

    async def append(
        self, agent_id: str, kind: ThoughtKind, text: str, *, refs: Sequence[int] = ()
    ) -> Thought:
        """Add a thought.

        Args:
            agent_id: Whose it is.
            kind: What it is for.
            text: The thought.
            refs: Earlier thoughts that it builds on.

        Raises:
            StoreError: There is no such kind, or no thought of a number in `refs`, or what
                `Ledger.append` raises.
        """
        if kind not in KINDS:
            raise StoreError(f"There is no kind of thought {kind!r}; take {', '.join(KINDS)}.")
        known = self.head.records
        unknown = [ref for ref in refs if not 0 <= ref < known]
        if unknown:
            raise StoreError(f"There is no thought #{unknown[0]} yet; there are {known}.")
        entry = entry_of(agent_id, kind, text, tuple(sorted(set(refs))))
        return thought_of(await self._ledger.append(entry))

    async def find(
        self,
        *,
        kind: ThoughtKind | None = None,
        agent_id: str | None = None,
        text: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> list[Thought]:
        """The thoughts that meet all that is given, in their order.

        Args:
            kind: What they are for.
            agent_id: Whose they are.
            text: A part of them, in letters of either case.
            since: Written down then or later.
            until: Written down before.
            last: Only so many of them, the newest.

        Raises:
            StoreUnusable: A thought is bad, or the file cannot be read.
        """
        part = None if text is None else text.casefold()

        def fits(thought: Thought) -> bool:
            return (
                (kind is None or thought.kind == kind)
                and (agent_id is None or thought.agent_id == agent_id)
                and (part is None or part in thought.text.casefold())
                and (since is None or thought.at >= since)
                and (until is None or thought.at < until)
            )

        return await _apart(lambda: list(deque(filter(fits, self._all()), maxlen=last)))

    async def resolve(self, index: int) -> list[Thought]:
        """A thought and all that it builds on, near and far, in their order.

        Raises:
            StoreError: There is no such thought.
            StoreUnusable: As `find`.
        """
        return await _apart(lambda: self._resolve(index))

    async def bootstrap_prompt(self, index: int) -> str:
        """For an agent that goes on from a thought: it, and all that it builds on.

        Raises:
            StoreError: As `resolve`.
        """
        return _framed(RESTORED, await self.resolve(index))

    async def catch_up_prompt(self, count: int) -> str:
        """For an agent that was away: the last `count` thoughts; nothing if there are none."""
        return _framed(RECENT, await self.find(last=count))

    async def verify(
        self,
        anchor: LedgerHead | SignedHead | None = None,
        *,
        public_key: str | Path | None = None,
    ) -> LedgerVerdict:
        """Read all of it, and name the first thought that was changed; see `check`.

        Args:
            anchor: What it ended with before. One that is not signed must be kept where those
                who write to the chain cannot change it.
            public_key: A PEM file, of the one who signed the anchor.

        Raises:
            ConfigError: A signed anchor needs the key, and the key a signed anchor.
            StoreError: The anchor is signed by somebody else, or was changed.
            StoreUnusable: The file cannot be read.
        """
        if isinstance(anchor, SignedHead) is (public_key is None):
            raise ConfigError("A signed anchor and a public key belong together; give both.")

        def read() -> LedgerVerdict:
            if not isinstance(anchor, SignedHead):
                return check(self._path, anchor)
            assert public_key is not None
            return check(self._path, anchor.verified(Path(public_key)))

        return await _apart(read)

    def _all(self) -> Iterator[Thought]:
        return map(thought_of, records_in(self._path))

    def _resolve(self, index: int) -> list[Thought]:
        refs = {each.index: each.refs for each in self._all() if each.refs}
        needed, waiting = set[int](), [index]
        while waiting:
            at = waiting.pop()
            if at not in needed:
                needed.add(at)
                waiting.extend(refs.get(at, ()))
        found = [each for each in self._all() if each.index in needed]
        if len(found) < len(needed):
            raise StoreError(f"There is no thought #{index}.")
        return found


async def _apart(read: Callable[[], T]) -> T:
    """What `read` gives, in a thread: a long chain takes a while."""
    return await to_thread.run_sync(read)


def _framed(title: str, thoughts: Sequence[Thought]) -> str:
    if not thoughts:
        return ""
    lines = "\n".join(thought.line for thought in thoughts)
    return f"=== {title} ===\n{lines}\n=== END OF {title} ==="
