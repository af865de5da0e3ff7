"""The steps of one part of a run, which does one thing after the other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from toolyard.storage.journal.journal import BegunStep, Do, StepKeeper


class Steps:
    """Counts the steps of an open run that are made at one path.

    What comes in an order that depends on who is faster must not share one: each parallel part
    gets a `child` of its own. The same name always gives the same child.
    """

    def __init__(self, run: StepKeeper, path: tuple[str, ...] = ()) -> None:
        self._run = run
        self.path = path
        """The scopes, the outermost first."""
        self._children = dict[str, Steps]()
        self._counts = Counter[str]()

    def child(self, name: str) -> Steps:
        """The steps of a scope inside of this one."""
        if name not in self._children:
            self._children[name] = Steps(self._run, (*self.path, name))
        return self._children[name]

    def place(self, name: str) -> int:
        """Keep a place for a step, for those that are made at the same time: the next `n`."""
        n = self._counts[name]
        self._counts[name] += 1
        return n

    async def run(
        self,
        name: str,
        *,
        kind: str,
        input: Any,
        do: Do,
        repeatable: bool,
        n: int | None = None,
    ) -> Any:
        """As `StepKeeper.step`; `n` is a place that was kept for it, or the next if not given."""
        at = self.place(name) if n is None else n
        return await self._run.step(
            self.path, name, at, kind=kind, input=input, do=do, repeatable=repeatable
        )

    async def begin(self, name: str, *, kind: str, input: Any, repeatable: bool) -> BegunStep:
        """As `StepKeeper.begin`."""
        n = self.place(name)
        return await self._run.begin(
            self.path, name, n, kind=kind, input=input, repeatable=repeatable
        )

    async def ask_person(self, name: str, question: Any, *, n: int | None = None) -> Any:
        """As `StepKeeper.ask_person`; `n` as in `run`."""
        at = self.place(name) if n is None else n
        return await self._run.ask_person(self.path, name, at, question)
