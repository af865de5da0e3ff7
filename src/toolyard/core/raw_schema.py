"""A JSON Schema that somebody wrote by hand: checked once, then used to validate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from toolyard.core.errors import InvalidTool
from toolyard.core.plain_schema import PlainSchema, plain_schema
from toolyard.core.portable import Schema, every_schema, portable
from toolyard.core.verdict import Verdict, verdict_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class RawSchema:
    """`schema` as it is listed, and its validator, which fetches nothing.

    A plain schema, and values that plainly suit it, need no validator, which is then not loaded.
    """

    def __init__(self, written: Mapping[str, Any], what: str) -> None:
        plain = plain_schema(written)
        if plain is not None:
            self.schema = _portable(written, what)
            self.accepts = _judged_if_odd(plain, self.schema, what)
            return
        _refuse_other_dialect(written, what)
        _refuse_malformed(written, what)
        self.schema = _portable(written, what)
        if self.schema.get("type") != "object":
            raise InvalidTool(f'{what} must have an object at its root: "type": "object".')
        _refuse_unresolvable(self.schema, what)
        self.accepts = verdict_of(self.schema, what)
        """Whether a JSON value, as a parser gives it, is valid."""


def _judged_if_odd(plain: PlainSchema, schema: Schema, what: str) -> Verdict:
    @cache
    def verdict() -> Verdict:
        return verdict_of(schema, what)

    return lambda value: plain.suits(value) or verdict()(value)


def _refuse_other_dialect(schema: Mapping[str, Any], what: str) -> None:
    dialect = str(schema.get("$schema", DIALECT)).rstrip("#")
    if dialect != DIALECT:
        raise InvalidTool(f"{what} is written for {dialect}: write it for {DIALECT}.")


def _refuse_malformed(schema: Mapping[str, Any], what: str) -> None:
    from jsonschema_rs import ValidationError, meta

    try:
        meta.validate({**schema, "$schema": DIALECT})
    except ValidationError as error:
        path = "/".join(str(step) for step in error.instance_path) or "its root"
        raise InvalidTool(f"{what} is not a JSON Schema: at {path}: {error.message}") from error
    except ValueError as error:  # what it cannot even take in
        raise InvalidTool(f"{what} is not JSON, or nested too deeply.") from error


def _portable(schema: Mapping[str, Any], what: str) -> Schema:
    try:
        return portable(schema)
    except RecursionError as error:
        raise InvalidTool(f"{what} is nested too deeply.") from error


def _refuse_unresolvable(schema: Mapping[str, Any], what: str) -> None:
    """References must lead to somewhere in the schema itself."""
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    registry: Registry[Any] = Registry()
    resolver = registry.resolver_with_root(Resource.from_contents(schema, DRAFT202012))
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise InvalidTool(f"{what} refers to {reference!r}: only '#...' is allowed.")
        try:
            resolver.lookup(reference)
        except Unresolvable as error:
            raise InvalidTool(f"{what} refers to {reference!r}, which is not there.") from error


def _references(schema: Mapping[str, Any]) -> Iterable[str]:
    """Every reference in `schema` once."""
    found = (
        each[keyword]
        for each in every_schema(schema)
        for keyword in ("$ref", "$dynamicRef")
        if keyword in each
    )
    return dict.fromkeys(found)
