"""Why a schema refuses some arguments, told so that a model can mend them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, cast

from toolyard.core.alternatives import Alternatives
from toolyard.core.judge import Fault, Judge, Schemas, entries_of, items_of
from toolyard.core.wording import DEEPEST_REFERENCE, described, expected, place, shortened

MOST_PROBLEMS = 10

_LIMITS: Mapping[str, str] = {
    "minimum": "a number of at least {}",
    "maximum": "a number of at most {}",
    "exclusiveMinimum": "a number above {}",
    "exclusiveMaximum": "a number below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "a string of at least {} characters",
    "maxLength": "a string of at most {} characters",
    "pattern": "a string that matches the pattern {}",
    "minItems": "an array of at least {} items",
    "maxItems": "an array of at most {} items",
    "minProperties": "an object of at least {} entries",
    "maxProperties": "an object of at most {} entries",
    "uniqueItems": "an array whose items all differ",
    "dependentRequired": "an object that satisfies dependentRequired {}",
}
_LAST = ("contains", "minContains", "maxContains", "unevaluatedProperties", "unevaluatedItems")
"""The keywords that are to blame if no other is."""
_MOST_COUNTED = 50
_SEVERAL = "a value that fits exactly one of the alternatives, not several"


class Explanation:
    """Why one schema refuses values; what it needs is kept from one time to the next."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema

    def of(self, arguments: Any) -> list[str]:
        """What the schema holds against `arguments`, a sentence each, at most ten, in one order.

        Less is said where there is a great deal to go through. Empty if they are valid.
        """
        if self._schemas.verdict(self._schema)(arguments):
            return []
        told: dict[str, None] = {}  # a set that keeps its order
        for sentence in _Faults(self._schemas).told(Fault(self._schema, arguments, ())):
            told[sentence] = None
            if len(told) == MOST_PROBLEMS:
                break
        return list(told)

    @cached_property
    def _schemas(self) -> Schemas:
        return Schemas(self._schema)


def explain(schema: Mapping[str, Any], arguments: Any) -> list[str]:
    """The same for a schema that is seen only once."""
    return Explanation(schema).of(arguments)


class _Faults:
    """Goes from a refused value to the parts of it that are to blame."""

    def __init__(self, schemas: Schemas) -> None:
        self._judge = Judge(schemas)
        self._root = schemas.root
        self._target = schemas.target
        self._alternatives = Alternatives(self._judge, self._count)
        self._rules: Mapping[str, Callable[[Any, Fault], Iterator[Fault | str]]] = {
            "$ref": self._reference,
            "allOf": self._all,
            "anyOf": self._any,
            "oneOf": self._one,
            "not": self._not,
            "if": self._if,
            "dependentSchemas": self._dependent,
            "properties": self._properties,
            "patternProperties": self._patterns,
            "additionalProperties": self._additional,
            "propertyNames": self._names,
            "required": self._required,
            "prefixItems": self._first_items,
            "items": self._items,
        }

    def told(self, fault: Fault) -> Iterator[str]:
        """A sentence for each thing that is to blame for `fault`, one at least."""
        waiting = [self._within(fault)]
        while waiting:  # on a list of our own, since values may be nested deeply
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
            elif isinstance(step, str):
                yield step
            else:
                waiting.append(self._within(step))

    def _within(self, fault: Fault) -> Iterator[Fault | str]:
        if fault.schema is False:
            yield f"{place(fault.path)}: is not allowed, got {described(fault.value)}."
            return
        is_told = False
        for rule in fault.schema:
            for step in self._by_rule(rule, fault):
                is_told = True
                yield step
        if not is_told:
            yield self._sentence(fault, self._last(fault.schema))

    def _by_rule(self, rule: str, fault: Fault) -> Iterator[Fault | str]:
        find = self._rules.get(rule)
        if find is not None:
            yield from find(fault.schema[rule], fault)
        elif self._is_broken(rule, fault):
            yield self._sentence(fault, self._wanted(rule, fault.schema))

    def _is_broken(self, rule: str, fault: Fault) -> bool:
        if rule == "type" and ("enum" in fault.schema or "const" in fault.schema):
            return False  # they say it already
        known = rule in _LIMITS or rule in ("type", "enum", "const")
        return known and not self._judge.keeps(fault.schema, rule, fault.value)

    def _sentence(self, fault: Fault, wanted: str) -> str:
        return f"{place(fault.path)}: expected {wanted}, got {described(fault.value)}."

    def _wanted(self, rule: str, schema: Mapping[str, Any]) -> str:
        if rule in _LIMITS:
            return _LIMITS[rule].format(shortened(schema[rule]))
        return expected({rule: schema[rule]}, self._root)

    def _last(self, schema: Mapping[str, Any]) -> str:
        for rule in _LAST:
            if rule in schema:
                return f"a value that satisfies {rule} {shortened(schema[rule])}"
        return "what the tool's schema says"

    def _count(self, fault: Fault, depth: int = 0) -> int:
        """How much is wrong with a value itself and with what is directly in it."""
        count = 0
        for step in islice(self._within(fault), _MOST_COUNTED):
            if self._judge.is_weary():
                break
            is_same = isinstance(step, Fault) and step.path == fault.path
            deeper = is_same and depth < DEEPEST_REFERENCE
            count += self._count(cast("Fault", step), depth + 1) if deeper else 1
        return count

    def _reference(self, reference: str, fault: Fault) -> Iterator[Fault]:
        target = self._target(reference)
        if not self._judge.accepts(target, fault.value):
            yield fault._replace(schema=target)

    def _all(self, schemas: Any, fault: Fault) -> Iterator[Fault]:
        for schema in schemas:
            if not self._judge.accepts(schema, fault.value):
                yield fault._replace(schema=schema)

    def _any(self, branches: Any, fault: Fault) -> Iterator[Fault | str]:
        if not any(self._judge.accepts(branch, fault.value) for branch in branches):
            yield from self._alternatives.steps(branches, fault)

    def _one(self, branches: Any, fault: Fault) -> Iterator[Fault | str]:
        accepting = sum(self._judge.accepts(branch, fault.value) for branch in branches)
        if accepting == 0:
            yield from self._alternatives.steps(branches, fault)
        elif accepting > 1 and not self._judge.is_weary():
            yield self._sentence(fault, _SEVERAL)

    def _not(self, schema: Any, fault: Fault) -> Iterator[str]:
        if self._judge.accepts(schema, fault.value) and not self._judge.is_weary():
            yield self._sentence(fault, f"a value that satisfies not {shortened(schema)}")

    def _if(self, schema: Any, fault: Fault) -> Iterator[Fault]:
        consequence = "then" if self._judge.accepts(schema, fault.value) else "else"
        yield from self._all([fault.schema.get(consequence, True)], fault)

    def _dependent(self, schemas: Any, fault: Fault) -> Iterator[Fault]:
        given = entries_of(fault.value)
        yield from self._all([schemas[name] for name in schemas if name in given], fault)

    def _properties(self, schemas: Mapping[str, Any], fault: Fault) -> Iterator[Fault]:
        given = entries_of(fault.value)
        for name, schema in schemas.items():
            if name in given and not self._judge.accepts(schema, given[name]):
                yield Fault(schema, given[name], (*fault.path, name))

    def _patterns(self, schemas: Mapping[str, Any], fault: Fault) -> Iterator[Fault]:
        for pattern, schema in schemas.items():
            matches = self._judge.schemas.matches(pattern)
            yield from self._entries(schema, fault, matches)

    def _additional(self, schema: Any, fault: Fault) -> Iterator[Fault | str]:
        known = fault.schema.get("properties", {})
        patterns = fault.schema.get("patternProperties", {})
        matches = [self._judge.schemas.matches(pattern) for pattern in patterns]

        def is_other(name: str) -> bool:
            return name not in known and not any(each(name) for each in matches)

        others = self._entries(schema, fault, is_other)
        if schema is not False:
            yield from others
            return
        one, several = ("a property", "properties") if fault.path else ("an argument", "arguments")
        names = [*known, *(f"those that match {shortened(each)}" for each in patterns)]
        listed = f"the {several} are {', '.join(names)}" if names else f"there are no {several}"
        for other in others:
            yield f"{place(other.path)}: is not {one}; {listed}."

    def _entries(
        self, schema: Any, fault: Fault, is_meant: Callable[[str], bool]
    ) -> Iterator[Fault]:
        """The refused ones of those entries whose name `is_meant`."""
        given = entries_of(fault.value)
        meant = ((name, each) for name, each in given.items() if is_meant(name))
        for name in self._judge.refused(schema, meant, given):
            yield Fault(schema, given[name], (*fault.path, name))

    def _names(self, schema: Any, fault: Fault) -> Iterator[Fault]:
        given = entries_of(fault.value)
        for name in self._judge.refused(schema, zip(given, given, strict=True), given):
            yield Fault(schema, name, fault.path)

    def _required(self, names: Any, fault: Fault) -> Iterator[str]:
        if not isinstance(cast("object", fault.value), dict):
            return
        given = entries_of(fault.value)
        known = self._alternatives.properties(fault.schema)
        for name in names:
            if name not in given:
                wanted = expected(known.get(name, {}), self._root)
                yield f"{place((*fault.path, name))}: is missing; expected {wanted}."

    def _first_items(self, schemas: Any, fault: Fault) -> Iterator[Fault]:
        for index, (schema, each) in enumerate(zip(schemas, items_of(fault.value), strict=False)):
            if not self._judge.accepts(schema, each):
                yield Fault(schema, each, (*fault.path, index))

    def _items(self, schema: Any, fault: Fault) -> Iterator[Fault]:
        given = items_of(fault.value)
        others = islice(enumerate(given), len(fault.schema.get("prefixItems", ())), None)
        for index in self._judge.refused(schema, others, given):
            yield Fault(schema, given[index], (*fault.path, index))
