"""Schemas that providers keep an answer to."""

from typing import Any

from pydantic import BaseModel, TypeAdapter

from toolyard.llm.strict_schema import is_strict, strict_form


class City(BaseModel):
    name: str
    people: int = 0


class Country(BaseModel):
    cities: list[City]
    capital: City | None = None


def test_the_strict_form_of_models_is_strict() -> None:
    schema = TypeAdapter(Country).json_schema()
    assert not is_strict(schema)
    strict = strict_form(schema)
    assert is_strict(strict)
    assert strict["$defs"]["City"]["required"] == ["name", "people"]
    assert "additionalProperties" not in schema  # which is not changed


def test_objects_of_any_members_cannot_be_strict() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"counts": {"type": "object", "additionalProperties": {"type": "integer"}}},
    }
    strict = strict_form(schema)
    assert not is_strict(strict)
    assert strict["properties"]["counts"] == schema["properties"]["counts"]


def test_every_place_of_a_schema_is_looked_at() -> None:
    inner: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    for place in (
        {"items": inner},
        {"anyOf": [{"type": "null"}, inner]},
        {"$defs": {"A": inner}},
        {"prefixItems": [inner]},
        {"properties": {"x": inner}, "required": ["x"], "additionalProperties": False},
    ):
        assert not is_strict(place)
        assert is_strict(strict_form(place))
