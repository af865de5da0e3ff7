"""Whether a JSON value suits a JSON Schema, told in time that grows with the value alone.

The validator takes much memory: it is loaded when a schema needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from toolyard.core.errors import InvalidTool

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, Registry

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


class Documents:
    """Schemas that others may refer to by their URI."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        from jsonschema_rs import Registry

        self._registry = Registry(documents.items(), retriever=_refuse)

    def verdict(self, schema: Mapping[str, Any]) -> Verdict:
        """What says whether a value is valid; everything is where a reference leads nowhere."""
        try:
            return _validator(schema, self._registry).is_valid
        except ValueError:
            return lambda value: True


def _validator(schema: Mapping[str, Any], registry: Registry | None = None) -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator, FancyRegexOptions

    options = FancyRegexOptions(backtrack_limit=MOST_BACKTRACKING)
    return Draft202012Validator(
        dict(schema), pattern_options=options, retriever=_refuse, registry=registry
    )


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is another document")
