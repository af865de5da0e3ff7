"""Which of several alternatives somebody meant whose value fits none of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from toolyard.core.judge import Fault, Judge, entries_of
from toolyard.core.wording import DEEPEST_REFERENCE, described, expected, place

MOST_OTHERS = 2
"""Alternatives that are named besides the one that is explained, if they come as close."""


class Alternatives:
    """Goes from a value that fits no alternative to the one it comes closest to.

    `count` says how much is wrong with a value, without looking far into it.
    """

    def __init__(self, judge: Judge, count: Callable[[Fault], int]) -> None:
        self._judge = judge
        self._count = count
        self._root = judge.schemas.root
        self._known_tags: dict[int, Mapping[str, Sequence[Any]]] = {}

    def steps(self, branches: Sequence[Any], fault: Fault) -> Iterator[Fault | str]:
        """What is wrong by the alternative that was meant, or what all of them miss."""
        close = [branch for branch in branches if not self._is_off(branch, fault.value)]
        if not close:
            wanted = expected({"anyOf": branches}, self._root)
            yield f"{place(fault.path)}: expected {wanted}, got {described(fault.value)}."
            return
        right = [branch for branch in close if not self._wrong_tags(branch, fault.value)]
        closest = self._closest(right or close, fault)
        sentences = list(self._about_tags(closest, fault)) if len(closest) > 1 else []
        if sentences:
            yield from sentences
            return
        yield fault._replace(schema=closest[0])
        for other in closest[1 : 1 + MOST_OTHERS]:
            if names := self._required(other):
                yield f"{place(fault.path)}: another alternative is an object with {names}."

    def properties(self, schema: Any, depth: int = 0) -> Mapping[str, Any]:
        """The properties an object of `schema` may have, also by reference."""
        if not isinstance(schema, Mapping) or depth > DEEPEST_REFERENCE:
            return {}
        known = cast("Mapping[str, Any]", schema)
        target = self._judge.schemas.target(known["$ref"]) if "$ref" in known else None
        return {**self.properties(target, depth + 1), **known.get("properties", {})}

    def _closest(self, branches: Sequence[Any], fault: Fault) -> Sequence[Any]:
        """Those of `branches` by which the least is wrong."""
        if len(branches) == 1:
            return branches
        counts = [self._distance(fault._replace(schema=branch)) for branch in branches]
        return [each for each, count in zip(branches, counts, strict=True) if count == min(counts)]

    def _distance(self, fault: Fault) -> int:
        known = self.properties(fault.schema)
        return self._count(fault) + sum(name not in known for name in entries_of(fault.value))

    def _about_tags(self, branches: Sequence[Any], fault: Fault) -> Iterator[str]:
        """What tells all of `branches` apart, and is missing or what none of them asks for."""
        if not isinstance(cast("object", fault.value), dict):
            return
        value = entries_of(fault.value)
        tags = [self._tags(branch) for branch in branches]
        for name in tags[0]:
            if not all(name in each for each in tags):
                continue
            choices = [choice for each in tags for choice in each[name]]
            where = place((*fault.path, name))
            wanted = expected({"enum": _distinct(choices)}, self._root)
            if name not in value:
                yield f"{where}: is missing; expected {wanted}."
            elif all(name in self._wrong_tags(branch, value) for branch in branches):
                yield f"{where}: expected {wanted}, got {described(value[name])}."

    def _tags(self, branch: Any) -> Mapping[str, Sequence[Any]]:
        """The properties of `branch` that take but a few values, and these."""
        if id(branch) not in self._known_tags:
            known = self.properties(branch)
            found = {name: self._choices(each) for name, each in known.items()}
            self._known_tags[id(branch)] = {name: each for name, each in found.items() if each}
        return self._known_tags[id(branch)]

    def _required(self, schema: Any, depth: int = 0) -> str:
        if not isinstance(schema, Mapping) or depth > DEEPEST_REFERENCE:
            return ""
        known = cast("Mapping[str, Any]", schema)
        target = self._judge.schemas.target(known["$ref"]) if "$ref" in known else None
        return ", ".join(known.get("required", ())) or self._required(target, depth + 1)

    def _choices(self, schema: Any, depth: int = 0) -> Sequence[Any]:
        if not isinstance(schema, Mapping) or depth > DEEPEST_REFERENCE:
            return ()
        known = cast("Mapping[str, Any]", schema)
        if "$ref" in known:
            return self._choices(self._judge.schemas.target(known["$ref"]), depth + 1)
        return [known["const"]] if "const" in known else known.get("enum", ())

    def _wrong_tags(self, branch: Any, value: Any) -> Sequence[str]:
        given = entries_of(value)
        told = [name for name in self._tags(branch) if name in given]
        known = self.properties(branch)
        return [name for name in told if not self._judge.accepts(known[name], given[name])]

    def _is_off(self, schema: Any, value: Any, depth: int = 0) -> bool:
        """Whether `value` itself, not something inside it, is of another shape."""
        if isinstance(schema, bool) or depth > DEEPEST_REFERENCE:
            return schema is not True
        if not all(
            self._judge.keeps(schema, rule, value)
            for rule in ("type", "const", "enum")
            if rule in schema
        ):
            return True
        if "$ref" in schema and self._is_off(
            self._judge.schemas.target(schema["$ref"]), value, depth + 1
        ):
            return True
        return any(
            all(self._is_off(each, value, depth + 1) for each in schema[rule])
            for rule in ("anyOf", "oneOf")
            if rule in schema
        )


def _distinct(values: Sequence[Any]) -> list[Any]:
    return list({json.dumps(value): value for value in values}.values())
