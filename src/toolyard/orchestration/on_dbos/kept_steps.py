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
        if not step.is_recalled and not repeatable:
            await self._intend(call)
        return step

    async def _intend(self, call: Call) -> None:
        """Have it be seen that the step was begun, should that be all that is."""
        name = f"{call.key}?"
        if name in self._kept.known:
            raise StepInDoubt(
                f"The run was interrupted during the step {call.key}, which may have been done "
                "and cannot be done twice; it was not done again."
            )
        await self._kept.add(name, token_hex(8))

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
        text = json_text({"hash": self._call.input_hash, **said}, f"result of the step {key}")
        await self._kept.add(str(key), text)
        self.output = said.get("output")
        return json.loads(text)
