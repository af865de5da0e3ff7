"""What a run has done as workflows of DBOS, and what came of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolyard.core.errors import RunDiverged
from toolyard.orchestration.on_dbos.endings import Endings, given_to
from toolyard.orchestration.on_dbos.failing import failure_of
from toolyard.storage.journal.json_text import canonical_text
from toolyard.storage.journal.keys import key_of

if TYPE_CHECKING:
    from toolyard.orchestration.on_dbos.service import Service


class Parts:
    """Has parts of runs be done, each once, and waits for them.

    DBOS does not know that they belong together, for it would count them in the order in which
    they are begun. Their ids say it: `RUN`, `RUN/PATH/ask #N` and `RUN/PATH/person#N`.
    """

    def __init__(self, service: Service, endings: Endings) -> None:
        self._service = service
        self._endings = endings

    async def run(self, run_id: str, given: Sequence[str]) -> None:
        """Have a run be done, and wait for its end.

        Args:
            run_id: Of the run.
            given: The workflow's id, and the task.

        Raises:
            RunCancelled: Somebody cancelled it.
            RunDiverged: It was begun with something else.
            ToolyardError: It failed.
        """
        await self._service.begin_run(run_id, *given)
        status = await self._endings.of(run_id)
        if given_to(status) != list(given):
            raise RunDiverged(f"The run {run_id!r} was begun with another workflow or task.")
        if status.error is not None:
            raise failure_of(str(status.error))

    async def asked(self, run_id: str, path: Sequence[str], request: dict[str, Any]) -> Any:
        """As `Asks.asked`."""
        asked = f"{run_id}/{key_of(path, 'ask', 0)}"
        await self._service.begin_ask(asked, canonical_text(request, "question"))
        status = await self._endings.of(asked)
        before = json.loads(given_to(status)[0])
        if any(before[each] != request[each] for each in ("said", "member", "output")):
            raise RunDiverged(f"The run has diverged: another question was asked at {asked!r}.")
        if status.error is not None:
            raise failure_of(str(status.error))
        return json.loads(status.output or "null")

    async def person(self, asked: str, question: str) -> str:
        """What a person answers, as JSON."""
        await self._service.begin_person(asked, question)
        status = await self._endings.of(asked)
        return status.output or "null"
