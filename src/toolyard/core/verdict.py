"""Whether a JSON value suits a JSON Schema, told in time that grows with the value alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from jsonschema_rs import Draft202012Validator, FancyRegexOptions

from toolyard.core.errors import InvalidTool

MOST_BACKTRACKING = 10_000
"""Steps that a pattern with look-around or back-references may take; others need none."""

Verdict = Callable[[Any], bool]
"""Takes what `json.loads` and the like give, at most some hundred levels deep."""


def verdict_of(schema: Mapping[str, Any], what: str) -> Verdict:
    """What says whether a value is valid; it fetches nothing.

    Raises:
        InvalidTool: The schema, called `what`, holds a pattern or a reference nobody can follow.
    """
    try:
        return _validator(schema).is_valid
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise InvalidTool(f"{what} cannot be used: {reason}.") from error


def complaints_of(
    schema: Mapping[str, Any], value: Any
) -> Iterator[tuple[Sequence[str | int], str]]:
    """The path to each thing in `value` that `schema` refuses, and why, without the value."""
    for error in _validator(schema, mask="the value").iter_errors(value):
        yield error.instance_path, error.message


def _validator(schema: Mapping[str, Any], mask: str | None = None) -> Draft202012Validator:
    options = FancyRegexOptions(backtrack_limit=MOST_BACKTRACKING)
    return Draft202012Validator(dict(schema), mask=mask, pattern_options=options, retriever=_refuse)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is another document")
