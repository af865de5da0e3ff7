"""Why a schema refuses some arguments, told so that a model can mend them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry

from toolyard.core.verdict import complaints_of
from toolyard.core.wording import described, expected, place, resolved, shortened

MOST_PROBLEMS = 10
MOST_EXPLAINED = 1_000
"""Values; beyond, a refusal says less."""
LONGEST_REASON = 300

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
}
_BY_SHAPE = frozenset(("type", "const", "enum", "anyOf", "oneOf"))


def _by_verdict(
    keyword: str,
) -> Callable[[Any, Any, Any, Mapping[str, Any]], Iterator[ValidationError]]:
    """The check of one keyword without Python's, which can take for ever."""

    def check(
        validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        del validator, schema
        for _ in complaints_of({keyword: value}, instance):
            yield ValidationError(f"It does not satisfy {keyword}.")

    return check


_EXPLAINING = cast(
    "type[Draft202012Validator]",
    extend(Draft202012Validator, {key: _by_verdict(key) for key in ("pattern", "uniqueItems")}),
)  # pyright: ignore[reportUnknownMemberType]


def _is_too_much(arguments: Any) -> bool:
    """Whether going through `arguments` value by value would hold up everybody else."""
    waiting: list[Any] = [arguments]
    count = 0
    while waiting and count <= MOST_EXPLAINED:
        value = waiting.pop()
        count += 1
        if isinstance(value, Mapping):
            waiting.extend(cast("Mapping[str, Any]", value).values())
        elif isinstance(value, list):
            waiting.extend(cast("list[Any]", value))
    return count > MOST_EXPLAINED


def explain(schema: Mapping[str, Any], arguments: Any) -> list[str]:
    """What `schema` holds against `arguments`, a sentence each, at most ten, always in one order.

    Less is said where there is a great deal to go through. Empty if they are valid.
    """
    try:
        problems = [] if _is_too_much(arguments) else _every_problem(schema, arguments)
    except RecursionError:
        problems = []
    return problems or _first_problems(schema, arguments)


def _first_problems(schema: Mapping[str, Any], arguments: Any) -> list[str]:
    complaints = islice(complaints_of(schema, arguments), MOST_PROBLEMS)
    return [f"{place(path)}: {reason[:LONGEST_REASON]}." for path, reason in complaints]


def _every_problem(schema: Mapping[str, Any], arguments: Any) -> list[str]:
    validator = _EXPLAINING(schema, registry=Registry())
    problems: dict[str, None] = {}  # a set that keeps its order
    errors = cast("Iterable[ValidationError]", validator.iter_errors(arguments))  # pyright: ignore[reportUnknownMemberType]
    for error in errors:
        for leaf in _leaves(error):
            problems.update(dict.fromkeys(_sentences(leaf, schema)))
            if len(problems) >= MOST_PROBLEMS:
                return list(problems)[:MOST_PROBLEMS]
    return list(problems)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The errors a person would name: those of the alternative that was meant, if one was."""
    meant = _meant(error)
    if not meant:
        yield error
    for inner in meant:
        yield from _leaves(inner)


def _meant(error: ValidationError) -> Sequence[ValidationError]:
    """The errors of the alternative that comes closest; none if the value fits no one's shape."""
    alternatives: dict[str | int, list[ValidationError]] = defaultdict(list)
    for inner in error.context or ():
        alternatives[inner.schema_path[0]].append(inner)
    close = [each for each in alternatives.values() if not any(map(_is_off, each))]
    return min(close, key=_distance, default=())


def _is_off(error: ValidationError) -> bool:
    """Whether the value itself, not something inside it, is of another shape."""
    return not error.path and error.validator in _BY_SHAPE and not _meant(error)


def _distance(errors: Sequence[ValidationError]) -> tuple[int, int]:
    return sum(error.validator in ("const", "enum") for error in errors), len(errors)


def _sentences(error: ValidationError, root: Mapping[str, Any]) -> Iterator[str]:
    path = list(error.absolute_path)
    schema: Any = error.schema
    if error.validator == "required":
        yield from _missing(path, schema, cast("Any", error.instance), root)
    elif error.validator in ("additionalProperties", "unevaluatedProperties"):
        yield from _unknown(path, schema, error)
    elif schema is False:  # jsonschema does not say where
        yield f"{place(path)}: hold {described(error.instance)}, which is not allowed there."
    else:
        yield f"{place(path)}: expected {_wanted(error, root)}, got {described(error.instance)}."


def _missing(
    path: list[str | int], schema: Any, value: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[str]:
    properties = _properties(schema, root)
    for name in schema["required"]:
        if name not in value:
            wanted = expected(properties.get(name, {}), root)
            yield f"{place([*path, name])}: is missing; expected {wanted}."


def _properties(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    known = cast("Mapping[str, Any]", schema)
    referred = resolved(known["$ref"], root) if "$ref" in known else None
    return {**_properties(referred, root), **known.get("properties", {})}


def _unknown(path: list[str | int], schema: Any, error: ValidationError) -> Iterator[str]:
    if error.validator != "additionalProperties" or "patternProperties" in schema:
        yield f"{place(path)}: has properties that are not allowed: {error.message[:200]}."
        return
    known = list(schema.get("properties", {}))
    one, several = ("a property", "properties") if path else ("an argument", "arguments")
    listed = f"the {several} are {', '.join(known)}" if known else f"there are no {several}"
    for name in cast("Mapping[str, Any]", error.instance):
        if name not in known:
            yield f"{place([*path, name])}: is not {one}; {listed}."


def _wanted(error: ValidationError, root: Mapping[str, Any]) -> str:
    rule, value = str(error.validator), error.validator_value
    if rule == "oneOf" and not error.context:
        return "a value that fits exactly one of the alternatives, not several"
    if rule in ("const", "enum"):
        return expected({"enum": _choices(error)}, root)
    if rule in _BY_SHAPE:
        return expected({rule: value}, root)
    if rule in _LIMITS:
        return _LIMITS[rule].format(shortened(value))
    return f"a value that satisfies {rule} {shortened(value)}"


def _choices(error: ValidationError) -> list[Any]:
    """The values that `error` asks for, and those other alternatives ask for in its place."""
    rivals = error.parent.context or () if error.parent else ()
    choices: list[Any] = []
    for each in rivals or (error,):
        if each.absolute_path == error.absolute_path and each.validator in ("const", "enum"):
            value = cast("Any", each.validator_value)
            choices += [value] if each.validator == "const" else value
    return choices
