"""The names in what members are told, such as `{{ outline }}`, and what they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from toolyard.orchestration.planning.plan import PlanStep

_PLACEHOLDER = re.compile(
    r"\{\{\s*(?P<double>\w[\w.-]*)\s*\}\}|(?<!\{)\{\s*(?P<single>[^\W\d][\w-]*)\s*\}(?!\})"
)
_WORD = re.compile(r"[^\W_]+")

TASK = "task"
PREVIOUS = "previous_output"
RESERVED = (TASK, PREVIOUS)
"""What stands for something in every plan."""


def placeholders(template: str) -> Sequence[str]:
    """The names in `{{ name }}` and `{name}`, each once, in their order."""
    return list(dict.fromkeys(map(_name, _PLACEHOLDER.finditer(template))))


def filled(template: str, values: Mapping[str, str]) -> str:
    """`template` with values for its names; what is in a value is no name."""
    return _PLACEHOLDER.sub(lambda found: values[_name(found)], template)


def by_key(name: str, earlier: Sequence[PlanStep]) -> PlanStep | None:
    """The step with that id or output key; `previous_output` is the last one's."""
    if name == PREVIOUS:
        return earlier[-1] if earlier else None
    return next((each for each in earlier if name in each.keys), None)


def by_words(name: str, earlier: Sequence[PlanStep]) -> PlanStep | None:
    """The step that says most of the words in `name`, the first of several, if any says one.

    A word is said by what begins with it, so that `concept` is also found as `concepts`.
    """
    scores = [_score(name, each) for each in earlier]
    best = max(scores, default=0)
    return earlier[scores.index(best)] if best else None


def _score(name: str, step: PlanStep) -> int:
    told = _words(f"{step.description} {step.expected_output} {step.step_id}")
    return sum(any(word.startswith(each) for word in told) for each in _words(name))


def _words(text: str) -> Sequence[str]:
    return _WORD.findall(text.casefold())


def _name(found: re.Match[str]) -> str:
    return found["double"] or found["single"]
