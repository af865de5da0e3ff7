"""A step as it is asked for, before anybody knows whether it was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from toolyard.core.errors import JournalError, RunDiverged
from toolyard.storage.journal.json_text import canonical_text, input_hash
from toolyard.storage.journal.keys import StepKey, key_of

PERSON = "person"
"""The kind of a step that a person does by answering."""


class Call(NamedTuple):
    """As it is written."""

    key: StepKey
    kind: str
    input_hash: str
    input: str


class Calls:
    """Makes the calls of one open run, and sees that no key is used twice."""

    def __init__(self) -> None:
        self._used = set[StepKey]()

    def call(self, path: Sequence[str], name: str, n: int, kind: str, given: Any) -> Call:
        """The call; `JournalError` if its key was used before, or it is no JSON value."""
        key = key_of(path, name, n)
        if key in self._used:
            raise JournalError(
                f"There are two steps {key}: parts of a run that are alike need paths of their own."
            )
        text = canonical_text(given, f"input of the step {key}")
        self._used.add(key)
        return Call(key, kind, input_hash(kind, text), text)


def diverged(key: StepKey) -> RunDiverged:
    """The error for a step whose input is another one than before."""
    return RunDiverged(
        f"The run has diverged: the step {key} was begun with another input than before. "
        "Give it the same code, prompts and task, or fork it before that step."
    )
