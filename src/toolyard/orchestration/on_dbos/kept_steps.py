"""The steps of a workflow of DBOS, found by their keys and not by how many there were before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Protocol

from toolyard.core.errors import StepInDoubt
from toolyard.orchestration.on_dbos.failing import error_text, failure_of
from toolyard.storage.journal.call import PERSON, Call, Calls, diverged
from toolyard.storage.journal.journal import Do
from toolyard.storage.journal.json_text import json_text

FLAGGED = "flagged"
"""In what is kept of a step that was done once more."""


class Kept(Protocol):
    """What was kept, by names, and what more is to be."""

    @property
    def known(self) -> dict[str, str]:
        """What was."""
        ...

    async def add(self, name: str, text: str) -> None:
        """Keep more."""
        ...


class People(Protocol):
    """Who asks people."""

    async def answer(self, name: str, question: str) -> str:
        """What somebody answers to what is asked under that name, as JSON."""
        ...


class KeptSteps:
    """A `StepKeeper` of what one workflow of DBOS keeps."""

    def __init__(self, kept: Kept, people: People) -> None:
        self._kept = kept
        self._people = people
        self._calls = Calls()

    async def step(
        self,
        path: Sequence[str],
        name: str,
        n: int,
        *,
        kind: str,
        input: Any,
        do: Do,
        repeatable: bool,
    ) -> Any:
        """As `StepKeeper.step`."""
        step = await self.begin(path, name, n, kind=kind, input=input, repeatable=repeatable)
        if step.is_recalled:
            return step.output
        try:
            output = await do()
        except Exception as error:
            await step.fail(error)
            raise
        return await step.finish(output)

    async def begin(
        self,
        path: Sequence[str],
        name: str,
        n: int,
        *,
        kind: str,
        input: Any,
        repeatable: bool,
    ) -> KeptStep:
        """As `StepKeeper.begin`."""
        call = self._calls.call(path, name, n, kind, input)
        step = KeptStep(self._kept, call)
        if not step.is_recalled:
            step.is_flagged = await self._was_begun(call)
            if step.is_flagged and not repeatable:
                raise StepInDoubt(
                    f"The run was interrupted during the step {call.key}, which may have been done "
                    "and cannot be done twice; it was not done again."
                )
        return step

    async def _was_begun(self, call: Call) -> bool:
        """Whether the step was in flight before; if not, it is kept that it is now."""
        name = f"{call.key}?"
        if name in self._kept.known:
            return True
        await self._kept.add(name, token_hex(8))
        return False

    async def ask_person(self, path: Sequence[str], name: str, n: int, question: Any) -> Any:
        """As `StepKeeper.ask_person`."""
        call = self._calls.call(path, name, n, PERSON, question)
        return json.loads(await self._people.answer(str(call.key), call.input))


class KeptStep:
    """A `BegunStep` of `KeptSteps`."""

    def __init__(self, kept: Kept, call: Call) -> None:
        self._kept = kept
        self._call = call
        self.output = None
        self.is_flagged = False
        """Whether it was in flight when a process died, and is done once more."""
        text = kept.known.get(str(call.key))
        self.is_recalled = text is not None
        if text is not None:
            self._recall(json.loads(text))

    def _recall(self, said: dict[str, Any]) -> None:
        if said["hash"] != self._call.input_hash:
            raise diverged(self._call.key)
        if "error" in said:
            raise failure_of(said["error"])
        self.output = said["output"]

    async def finish(self, output: Any) -> Any:
        """As `BegunStep.finish`."""
        return (await self._keep({"output": output}))["output"]

    async def fail(self, error: Exception) -> None:
        """As `BegunStep.fail`."""
        await self._keep({"error": error_text(error)})

    async def _keep(self, said: dict[str, Any]) -> dict[str, Any]:
        key = self._call.key
        if self.is_flagged:
            said = {**said, FLAGGED: True}
        text = json_text({"hash": self._call.input_hash, **said}, f"result of the step {key}")
        await self._kept.add(str(key), text)
        self.output = said.get("output")
        return json.loads(text)


def flagged_in(known: dict[str, str]) -> Sequence[str]:
    """Those of the steps that were kept which were done once more."""
    return [name for name, text in known.items() if _is_flagged(text)]


def _is_flagged(text: str) -> bool:
    said: Any = json.loads(text) if text.startswith("{") else None
    return isinstance(said, dict) and FLAGGED in said
