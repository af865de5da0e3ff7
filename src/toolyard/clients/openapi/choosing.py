"""Which operations are offered: rules of operators, read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import translate

from toolyard.clients.openapi.operations import METHODS, READING, Operation
from toolyard.core.errors import ConfigError

_TAG = "tag:"
_ROUTE = re.compile(rf"(?:(?P<method>{'|'.join(METHODS)})\b\s*)?(?P<path>/\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """`tag:NAME`, `GET`, `/path/*`, `GET /path/*`, or an operationId such as `list*`."""

    text: str
    matches: Callable[[Operation], bool]


def rule(text: str, place: str) -> Rule:
    """The rule that `text` says; `*` stands for anything, slashes too.

    Raises:
        ConfigError: It says none; the message names `place`.
    """
    if not text.strip():
        raise ConfigError(f"{place}: an empty text chooses no operation.")
    if text.startswith(_TAG):
        tag = text.removeprefix(_TAG).strip()
        return Rule(text, lambda operation: tag in operation.tags)
    route = _ROUTE.fullmatch(text.strip())
    if route is None:
        pattern = re.compile(translate(text.strip()))
        return Rule(text, lambda each: bool(pattern.match(each.id) or pattern.match(each.name)))
    method, path = route["method"], route["path"]
    wanted = re.compile(translate(path)) if path else None
    return Rule(
        text,
        lambda operation: (
            (method is None or operation.method == method.upper())
            and (wanted is None or bool(wanted.match(operation.path)))
        ),
    )


class Choice:
    """What `include` says, without what `exclude` says; with `read_only` only GET and HEAD."""

    def __init__(
        self, include: Sequence[str] | None, exclude: Sequence[str], *, read_only: bool
    ) -> None:
        self._include = None if include is None else [rule(each, "include") for each in include]
        self._exclude = [rule(each, "exclude") for each in exclude]
        self._read_only = read_only

    def of(self, operations: Sequence[Operation]) -> list[Operation]:
        """Those of `operations` that are to be offered."""
        return [each for each in operations if self._admits(each)]

    def idle(self, operations: Sequence[Operation]) -> list[str]:
        """The rules that none of `operations` matches: they may be mistyped."""
        rules = [*(self._include or ()), *self._exclude]
        return [each.text for each in rules if not any(map(each.matches, operations))]

    def _admits(self, operation: Operation) -> bool:
        if self._read_only and operation.method not in READING:
            return False
        if any(each.matches(operation) for each in self._exclude):
            return False
        return self._include is None or any(each.matches(operation) for each in self._include)
