"""A person as a member of a team."""

from __future__ import annotations

from typing import Any

from toolyard.agents.run_result import RunResult
from toolyard.core.errors import ConfigError
from toolyard.llm.session import Said
from toolyard.orchestration.texts.said import result_of
from toolyard.storage.journal.steps import Steps


class Person:
    """Answers through the journal of a durable run, be it after days.

    What it is asked is shown by `toolyard runs show RUN`, and answered by `toolyard runs answer`,
    or `DurableJournal.answer`. Until then the run may be ended and gone on with.
    """

    def __init__(self, name: str, *, expertise: str = "") -> None:
        self.name = name
        self.expertise = expertise

    async def run(self, *task: Said) -> RunResult[Any]:
        """As `Runnable.run`, outside of a durable run; raises `ConfigError`."""
        del task
        raise self._unreached()

    async def answer(self, steps: Steps | None, said: str) -> RunResult[Any]:
        """What the person answers.

        Raises:
            ConfigError: The run is not durable.
            JournalError: It was paused or cancelled meanwhile.
        """
        if steps is None:
            raise self._unreached()
        return result_of(await steps.ask_person("person", {"to": self.name, "said": said}))

    def _unreached(self) -> ConfigError:
        return ConfigError(f"{self.name} is a person, who is asked in durable runs only.")
