"""Verdicts about the schemas inside a schema, as many as bounded work allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote

from toolyard.core.verdict import Documents, Verdict
from toolyard.core.wording import resolved

MOST_WORK = 400_000
"""Values that may be looked at for one explanation, about 50 ms."""
_PER_VERDICT = 40
_LETTERS_PER_VALUE = 100
T = TypeVar("T")
_ROOT = "urn:toolyard:schema"


class Schemas:
    """The schemas inside `root`, each made ready when it is first needed."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self._documents = Documents({_ROOT: {**root, "$id": _ROOT}})
        self._pointers = dict(_pointers(root, ""))
        self._verdicts: dict[object, Verdict] = {}
        self._targets: dict[str, Any] = {}

    def verdict(self, schema: Any) -> Verdict:
        """The verdict of a schema inside the root, which must be the very same object."""
        if isinstance(schema, bool):
            return lambda value: schema
        reference = {"$ref": f"{_ROOT}#{quote(self._pointers[id(schema)])}"}
        return self._kept(id(schema), lambda: reference)

    def rule(self, schema: Mapping[str, Any], rule: str) -> Verdict:
        """The verdict of one keyword of `schema` that refers to no other schema."""
        return self._kept((id(schema), rule), lambda: {rule: schema[rule]})

    def matches(self, pattern: str) -> Verdict:
        """Whether a string matches `pattern`."""
        return self._kept(pattern, lambda: {"pattern": pattern})

    def target(self, reference: str) -> Any:
        """The schema that `reference` leads to, the very object inside the root, or `True`."""
        if reference not in self._targets:
            found = resolved(reference, self.root)
            is_known = isinstance(found, bool) or id(found) in self._pointers
            self._targets[reference] = found if is_known else True
        return self._targets[reference]

    def _kept(self, key: object, written: Callable[[], Mapping[str, Any]]) -> Verdict:
        if key not in self._verdicts:
            self._verdicts[key] = self._documents.verdict(written())
        return self._verdicts[key]


def _pointers(value: Any, pointer: str) -> Iterator[tuple[int, str]]:
    """Where each object in a JSON document stands, by its identity."""
    if isinstance(value, dict):
        yield id(cast("object", value)), pointer
        for key, each in cast("dict[str, Any]", value).items():
            yield from _pointers(each, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, each in enumerate(cast("list[Any]", value)):
            yield from _pointers(each, f"{pointer}/{index}")


class Fault(NamedTuple):
    """A part of the value that a schema refuses; why is still to be found."""

    schema: Any
    value: Any
    path: tuple[str | int, ...]


def entries_of(value: Any) -> Mapping[str, Any]:
    """The entries of an object; none of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items_of(value: Any) -> Sequence[Any]:
    """The items of an array; none of anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else ()


class Judge:
    """Judges parts of one value by `schemas`; once it is weary it finds nothing wrong any more."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self._work = MOST_WORK
        self._sizes: dict[int, int] = {}
        self._known: dict[tuple[int, int], bool] = {}

    def accepts(self, schema: Any, value: Any) -> bool:
        """Whether `schema` accepts `value`."""
        if not isinstance(value, dict | list):
            return not self._affords(value) or self.schemas.verdict(schema)(value)
        key = id(schema), id(cast("object", value))
        if key in self._known:  # which costs something too, so that no circle is endless
            return self.is_weary() or self._known[key]
        self._known[key] = not self._affords(value) or self.schemas.verdict(schema)(value)
        return self._known[key]

    def keeps(self, schema: Mapping[str, Any], rule: str, value: Any) -> bool:
        """Whether `value` keeps to one keyword of `schema`."""
        return not self._affords(value) or self.schemas.rule(schema, rule)(value)

    def is_weary(self) -> bool:
        """Whether it has looked at enough; asking costs as much as a verdict on nothing."""
        self._work -= _PER_VERDICT
        return self._work <= 0

    def refused(self, schema: Any, parts: Iterable[tuple[T, Any]], whole: Any) -> Iterator[T]:
        """The names of those `parts` of `whole` that `schema` refuses."""
        if self._affords(whole):
            accepts = self.schemas.verdict(schema)
            yield from (name for name, each in parts if not accepts(each))

    def _affords(self, value: Any) -> bool:
        self._work -= self._size(value) + _PER_VERDICT
        return self._work > 0

    def _size(self, value: Any) -> int:
        if isinstance(value, str):
            return 1 + len(value) // _LETTERS_PER_VALUE
        if not isinstance(value, dict | list) or not value:
            return 1
        key = id(cast("object", value))
        if key not in self._sizes:
            parts = items_of(value) or entries_of(value).values()
            self._sizes[key] = 1 + sum(map(self._size, parts))
        return self._sizes[key]
