import enum
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from typing_extensions import TypedDict

from toolyard.core.arguments import Arguments
from toolyard.core.errors import InvalidArguments, InvalidTool
from toolyard.core.plain_arguments import PlainArguments
from toolyard.core.portable import every_schema, subschemas
from toolyard.core.signature import read_signature


def arguments_of(function: Callable[..., Any]) -> Arguments:
    return Arguments("it", read_signature(function, "it"))


def validated(function: Callable[..., Any], **given: Any) -> dict[str, Any]:
    return arguments_of(function).validate(given)


def problems(function: Callable[..., Any], **given: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidArguments) as refusal:
        validated(function, **given)
    return refusal.value.problems


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Place(BaseModel):
    """Somewhere on earth."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float
    name: str | None = None


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", title="A closed thing")

    a: int


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tail: float


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


@dataclass
class Point:
    x: int
    y: int = 0


class Options(TypedDict):
    depth: int
    flat: NotRequired[bool]


def numbers(a: float, b: int, c: float = 1.5) -> None: ...
def bounded(
    a: Annotated[int, Field(ge=1, lt=4)], b: Annotated[float, Field(multiple_of=0.5)] = 1
) -> None: ...
def texts(
    a: Annotated[str, Field(min_length=1, max_length=3)],
    b: Annotated[str, Field(pattern="^[ab]+c?$")] = "a",
) -> None: ...
def flags(a: bool, b: bool | None = None) -> None: ...
def lists(
    a: list[int],
    b: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"],  # noqa: B006 - as users write it
) -> None: ...
def sets(
    a: set[int], b: Annotated[frozenset[str], Field(min_length=2)] = frozenset({"a", "b"})
) -> None: ...
def tuples(a: tuple[int, str], b: tuple[bool, ...] = ()) -> None: ...
def mappings(a: dict[str, int], b: dict[Literal["a", "b"], str] | None = None) -> None: ...
def choices(
    a: Literal["a", 1, True, None], b: Unit = Unit.CELSIUS, c: Level = Level.LOW
) -> None: ...
def ones(a: Literal[1], b: Literal[False] = False) -> None: ...
def unions(a: int | str, b: float | list[int] | None = None) -> None: ...
def optionals(a: Optional[str], b: Optional[int] = None) -> None: ...  # noqa: UP045 - the older spelling must work too
def models(a: Place, b: Closed | None = None) -> None: ...
def trees(a: Node) -> None: ...
def pets(a: Pet, b: list[Pet] | None = None) -> None: ...
def structures(a: Point, b: Options) -> None: ...
def anything(a: Any, b: list[Any] | None = None, c: dict[str, Any] | None = None) -> None: ...
def bare(a, b=None) -> None: ...  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
def loose(a: list, b: dict) -> None: ...  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
def nothing() -> None: ...


SIGNATURES: list[Callable[..., Any]] = [
    numbers, bounded, texts, flags, lists, sets, tuples, mappings, choices, ones, unions, optionals,
    models, trees, pets, structures, anything, bare, loose, nothing,
]  # fmt: skip

NAMES = st.sampled_from(
    ["a", "b", "c", "x", "y", "kind", "lives", "tail", "value", "children", "depth", "latitude"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.integers(),
    st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.5, 5.0, 1e30]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "a", "b", "c", "f", "abc", "aac", "cat", "dog", "1", "true", "aaaa"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
PETS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["cat", "dog", "cow"])}, optional={"lives": SCALARS, "tail": SCALARS}
)
PLACES = st.fixed_dictionaries(
    {"latitude": SCALARS, "longitude": SCALARS}, optional={"name": SCALARS, "x": SCALARS}
)
TREES = st.recursive(
    st.fixed_dictionaries({"value": SCALARS}),
    lambda inner: st.fixed_dictionaries({"value": SCALARS, "children": st.lists(inner)}),
    max_leaves=4,
)
SHAPES = st.one_of(
    VALUES, PETS, PLACES, TREES, st.lists(PETS, max_size=2), st.lists(st.integers(0, 2), max_size=3)
)
GIVEN = st.dictionaries(st.sampled_from("abc"), SHAPES, max_size=3)


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__name__)
@settings(max_examples=200)
@given(given=GIVEN)
@example(given={"a": True})
@example(given={"a": [1, 1]})
@example(given={"a": [1, 2], "b": ["a", "a"]})
@example(given={"a": 1.0, "b": 2.0})
@example(given={"a": "a", "b": "c", "c": True})
@example(given={"a": {"lives": 9}})
@example(given={"a": {"kind": "cat", "lives": 9.0}})
@example(given={})
def test_what_is_accepted_is_exactly_what_the_listed_schema_accepts(
    function: Callable[..., Any], given: dict[str, Any]
) -> None:
    arguments = ARGUMENTS[function.__name__]
    listed = Draft202012Validator(arguments.schema).is_valid(given)  # pyright: ignore[reportUnknownMemberType]
    try:
        arguments.validate(given)
        accepted = True
    except InvalidArguments:
        accepted = False
    assert accepted == listed


def plain(a: float, b: int, c: float = 1.5, d: str = "", e: bool = False) -> None: ...


PLAINLY = st.fixed_dictionaries(
    {"a": SCALARS, "b": SCALARS},
    optional={"c": SCALARS, "d": SCALARS, "e": SCALARS, "f": SCALARS},
)
EDGES: list[dict[str, Any]] = [
    {"a": 1, "b": 2},
    {"a": -(2**53), "b": 2**1000},
    {"a": 2**53 + 1, "b": 1.0},
    {"a": True, "b": 1, "e": 1},
    {"a": 10**400, "b": 1},
    {"a": 0.5, "b": True, "d": "\u00e9"},
]


@settings(max_examples=300)
@given(given=PLAINLY | st.sampled_from(EDGES))
def test_what_is_plainly_right_is_taken_as_a_validator_takes_it(given: dict[str, Any]) -> None:
    usual, thorough = arguments_of(plain), arguments_of(plain)
    thorough._plain = PlainArguments([*read_signature(anything, "it").parameters])
    outcomes: list[str] = []
    for arguments in (usual, thorough):
        try:
            outcomes.append(repr(sorted(arguments.validate(given).items())))
        except InvalidArguments as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


ARGUMENTS = {function.__name__: arguments_of(function) for function in SIGNATURES}


def schema_of(function: Callable[..., Any]) -> dict[str, Any]:
    return arguments_of(function).schema


def test_a_signature_becomes_a_closed_object_without_noise() -> None:
    assert schema_of(numbers) == {
        "type": "object",
        "properties": {
            "a": {"type": "number"},
            "b": {"type": "integer"},
            "c": {"type": "number", "default": 1.5},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__name__)
def test_every_generated_schema_is_portable(function: Callable[..., Any]) -> None:
    for schema in every_schema(schema_of(function)):
        assert schema
        assert "discriminator" not in schema
        assert isinstance(schema.get("type", ""), str)
        assert schema.get("$ref", "#").startswith("#")
        assert True not in subschemas(schema)


def test_only_a_title_that_somebody_wrote_is_listed() -> None:
    definitions = schema_of(models)["$defs"]
    assert "title" not in definitions["Place"]
    assert "title" not in definitions["Place"]["properties"]["latitude"]
    assert definitions["Closed"]["title"] == "A closed thing"
    assert definitions["Place"]["description"] == "Somewhere on earth."


def test_any_json_value_is_said_by_naming_every_type() -> None:
    types = [{"type": name} for name in ("string", "number", "boolean", "object", "array", "null")]
    properties = schema_of(anything)["properties"]
    assert properties["a"] == {"anyOf": types}
    assert properties["b"]["anyOf"][0] == {"type": "array", "items": {"anyOf": types}}
    assert properties["c"]["anyOf"][0] == {"type": "object"}
    assert schema_of(SIGNATURES[-3])["properties"]["b"] == {"anyOf": types, "default": None}


def test_a_description_comes_from_the_docstring_unless_the_field_has_one() -> None:
    def look(place: str, wide: Annotated[bool, Field(description="All around.")] = False) -> None:
        """Look.

        Args:
            place: Where to look;
                a city.
            wide: Not this one.
        """

    properties = schema_of(look)["properties"]
    assert properties["place"]["description"] == "Where to look; a city."
    assert properties["wide"]["description"] == "All around."


def test_a_field_as_the_default_sets_limits_and_a_default() -> None:
    def dig(depth: int = Field(default=2, ge=1), width: int = Field(le=3)) -> None: ...

    assert schema_of(dig)["required"] == ["width"]
    assert validated(dig, width=1) == {"depth": 2, "width": 1}
    assert problems(dig, width=4) == ("width: expected a number of at most 3, got the number 4.",)


def test_a_field_within_annotated_may_hold_the_default() -> None:
    def dig(depth: Annotated[int, Field(default=2)]) -> None: ...

    assert validated(dig) == {"depth": 2}


def test_a_mutable_default_is_fresh_in_every_call() -> None:
    def collect(into: list[int] = []) -> None: ...  # noqa: B006 - as users write it

    arguments = arguments_of(collect)
    arguments.validate({})["into"].append(1)
    assert arguments.validate({}) == {"into": []}


def test_a_default_that_json_cannot_say_is_not_listed() -> None:
    def wait(until: Annotated[Any, Field()] = ...) -> None: ...

    nowhere = object()

    def go(to: Any = nowhere) -> None: ...

    assert "default" not in schema_of(go)["properties"]["to"]
    assert validated(go) == {"to": nowhere}
    assert schema_of(wait)["required"] == ["until"]


@pytest.mark.parametrize(
    "name", ["schema", "json", "copy", "model_config", "_x", "class_", "items"]
)
def test_a_parameter_may_have_any_name(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"def f({name}: int): ...", scope)
    assert validated(scope["f"], **{name: 1}) == {name: 1}


def test_values_arrive_as_the_types_the_function_asked_for() -> None:
    def plan(
        when: datetime, day: date, unit: Unit, level: Level, key: UUID, at: Point, to: Place,
        tags: set[str], pair: tuple[int, str], raw: bytes,
    ) -> None: ...  # fmt: skip

    given: dict[str, Any] = {
        "when": "2026-01-02T03:04:05Z", "day": "2026-01-02", "unit": "f", "level": 2,
        "key": "12345678-1234-5678-1234-567812345678", "at": {"x": 1},
        "to": {"latitude": 1, "longitude": 2}, "tags": ["a"], "pair": [1, "b"], "raw": "z",
    }  # fmt: skip
    values = validated(plan, **given)
    assert values["when"].year == 2026
    assert values["day"] == date(2026, 1, 2)
    assert values["unit"] is Unit.FAHRENHEIT
    assert values["level"] is Level.HIGH
    assert values["at"] == Point(1)
    assert values["to"] == Place(latitude=1, longitude=2)
    assert values["tags"] == {"a"}
    assert values["pair"] == (1, "b")
    assert values["raw"] == b"z"
    assert isinstance(values["key"], UUID)


@pytest.mark.parametrize(
    ("function", "given", "problem"),
    [
        (numbers, {"a": "5", "b": 1}, 'a: expected a number, got the string "5".'),
        (numbers, {"a": True, "b": 1}, "a: expected a number, got the boolean true."),
        (numbers, {"a": 1, "b": 1.5}, "b: expected an integer, got the number 1.5."),
        (numbers, {"a": 1}, "b: is missing; expected an integer."),
        (numbers, {"a": 1, "b": 2, "d": 3}, "d: is not an argument; the arguments are a, b, c."),
        (nothing, {"x": 1}, "x: is not an argument; there are no arguments."),
        (choices, {"a": "a", "b": "k"}, 'b: expected one of "c", "f", got the string "k".'),
        (choices, {"a": "a", "c": True}, "c: expected one of 1, 2, got the boolean true."),
        (sets, {"a": [1, 1]}, "a: expected an array whose items all differ, got the array [1, 1]."),
        (
            models,
            {"a": {"latitude": 91, "longitude": "x"}},
            "a.latitude: expected a number of at most 90, got the number 91.",
        ),
        (
            pets,
            {"a": {"kind": "cow"}},
            'a.kind: expected one of "cat", "dog", got the string "cow".',
        ),
        (pets, {"a": {"lives": 9}}, 'a.kind: is missing; expected "cat".'),
        (
            trees,
            {"a": {"value": 1, "children": [{"value": 2}, {"value": None}]}},
            "a.children[1].value: expected an integer, got null.",
        ),
    ],
)
def test_a_wrong_argument_names_what_was_expected(
    function: Callable[..., Any], given: dict[str, Any], problem: str
) -> None:
    assert problem in problems(function, **given)


def test_a_refusal_by_a_format_or_a_validator_is_told_without_the_value() -> None:
    def refuse(value: str) -> str:
        raise ValueError("this one is not for you")

    def plan(when: datetime, key: Annotated[str, AfterValidator(refuse)]) -> None: ...

    found = problems(plan, when="soon", key="hunter2")
    assert found[0].startswith("when: Input should be a valid datetime")
    assert found[1] == "key: Value error, this one is not for you."
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 10**400, -(10**309)])
def test_a_number_that_no_double_holds_is_refused_wherever_it_is(value: float) -> None:
    assert "a: expected a finite number" in problems(anything, a=value)[0]
    assert "a.x[1].y: expected a finite number" in problems(anything, a={"x": [0, {"y": value}]})[0]
    with pytest.raises(InvalidArguments):
        validated(models, a={"latitude": 0, "longitude": value})


def test_text_that_looks_like_an_endless_number_is_just_text() -> None:
    assert validated(anything, a=["NaN", "Infinity", "9" * 400])


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def test_arguments_nested_too_deeply_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    for value in (nested(100_000), nested(250), circle):
        assert problems(anything, a=value) == ("the arguments: are nested too deeply.",)


def test_a_deep_tree_is_refused_without_a_crash() -> None:
    tree: dict[str, Any] = {"value": "x"}
    for _ in range(90):
        tree = {"value": 1, "children": [tree]}
    assert problems(trees, a=tree)


@pytest.mark.parametrize("value", [object(), "\ud800", {"x": {1, object()}}])
def test_what_is_not_json_is_refused(value: Any) -> None:
    found = problems(anything, a=value)
    assert found == ("the arguments: hold something that JSON text cannot say.",)


def test_many_problems_are_cut_to_ten() -> None:
    assert len(problems(lists, a=["x"] * 1000)) == 10


class Opaque:
    pass


def opaque(a: Opaque) -> None: ...
def calling(a: Callable[[], int]) -> None: ...
def lookaround(a: Annotated[str, Field(pattern="(?=x)")]) -> None: ...


@pytest.mark.parametrize("function", [opaque, calling, lookaround])
def test_a_type_that_json_cannot_carry_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(InvalidTool, match="cannot be read from JSON"):
        arguments_of(function)


class Size(enum.Enum):
    SMALL = (1, 2)


class Pathed(BaseModel):
    a: int = Field(validation_alias=AliasPath("q", "r"))


class Heated(BaseModel):
    kind: Literal[Unit.CELSIUS]


class Chilled(BaseModel):
    kind: Literal[Unit.FAHRENHEIT]


def member(a: Literal[Unit.CELSIUS]) -> None: ...
def tagged(a: Annotated[Heated | Chilled, Field(discriminator="kind")]) -> None: ...
def paired(a: dict[tuple[int, int], int]) -> None: ...
def classes(a: type[int]) -> None: ...
def sizes(a: Size) -> None: ...
def pathed(a: Annotated[int, Field(validation_alias=AliasPath("q", "r"))]) -> None: ...
def deeper(a: Pathed) -> None: ...
def twice(a: Annotated[int, Field(default_factory=int)] = 1) -> None: ...
def inside(a: dict[str, Iterable[int]]) -> None: ...


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (member, "a Literal of Unit.CELSIUS is never met: make Unit a StrEnum"),
        (tagged, "a Literal of Unit.CELSIUS is never met"),
        (paired, "the keys of an object in JSON are text"),
        (classes, "class"),
        (sizes, "must have values that JSON has"),
        (pathed, "an AliasPath is not listed"),
        (deeper, "an AliasPath is not listed"),
        (inside, "use a list"),
        (twice, "both default and default_factory"),
    ],
)
def test_a_type_for_which_no_call_could_succeed_is_refused(
    function: Callable[..., Any], complaint: str
) -> None:
    with pytest.raises(InvalidTool, match=complaint):
        arguments_of(function)


def iterables(
    a: Iterable[int],
    b: Iterator[str] | None = None,
    c: Annotated[Iterable[Any], Field(max_length=1)] = (),
) -> None: ...
def bare_iterable(a: Iterable) -> None: ...  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]


def test_what_is_read_one_by_one_is_validated_before() -> None:
    values = validated(iterables, a=[1, 2], b=["x"], c=[None])
    assert values["a"] == [1, 2]
    assert next(values["b"]) == "x"
    assert validated(bare_iterable, a=["x"]) == {"a": ["x"]}  # pyright: ignore[reportUnknownArgumentType]
    assert problems(iterables, a=[1, "x"]) == ('a[1]: expected an integer, got the string "x".',)
    assert problems(iterables, a=[], c=[1, 2])[0].startswith("c: expected an array of at most 1")
    assert schema_of(iterables)["properties"]["a"] == {
        "type": "array",
        "items": {"type": "integer"},
    }


def endless(a: float = math.inf, b: list[float] = [math.nan], c: int = 1) -> None: ...  # noqa: B006 - as users write it


def test_a_default_that_is_not_finite_is_kept_and_not_listed() -> None:
    assert schema_of(endless)["properties"] == {
        "a": {"type": "number"},
        "b": {"type": "array", "items": {"type": "number"}},
        "c": {"type": "integer", "default": 1},
    }
    assert validated(endless)["a"] == math.inf


def absent(
    a: str = None,  # pyright: ignore[reportArgumentType]  # noqa: RUF013 - as users write it
    b: Annotated[int, Field(ge=1)] = None,  # pyright: ignore[reportArgumentType]  # noqa: RUF013 - as users write it
    c: Literal["x", None] = None,
    d: int = Field(None, le=3),  # pyright: ignore[reportArgumentType, reportCallIssue]
) -> None: ...


def test_none_as_the_default_may_also_be_given() -> None:
    assert validated(absent, a=None, b=None, c=None, d=None) == dict.fromkeys("abcd")
    assert schema_of(absent)["properties"]["a"] == {
        "anyOf": [{"type": "string"}, {"type": "null"}], "default": None,
    }  # fmt: skip
    assert schema_of(absent)["properties"]["c"] == {"enum": ["x", None], "default": None}
    assert problems(absent, b=0, d=4) == (
        "b: expected a number of at least 1, got the number 0.",
        "d: expected a number of at most 3, got the number 4.",
    )


def wrong(a: int = "five") -> None: ...  # pyright: ignore[reportArgumentType]
def outside(a: Annotated[int, Field(ge=5)] = 1) -> None: ...
def within(b: str, a: int = Field(1, ge=5)) -> None: ...


@pytest.mark.parametrize("function", [wrong, outside, within])
def test_a_default_that_its_type_refuses_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(InvalidTool, match="The default of 'a' in the function 'it' is not what"):
        arguments_of(function)


def test_a_default_that_a_validator_stumbles_over_is_left_alone() -> None:
    def stumble(value: Any) -> Any:
        raise KeyError(value)

    def take(a: Annotated[int, BeforeValidator(stumble)] = 1) -> None: ...

    assert validated(take) == {"a": 1}


def test_two_values_of_one_name_are_refused() -> None:
    def clash(a: Annotated[int, Field(alias="b")], b: int = 3) -> None: ...

    with pytest.raises(InvalidTool, match="takes two values by the name 'b'"):
        arguments_of(clash)


def test_the_docstring_describes_what_is_given_by_another_name() -> None:
    def read(
        most: Annotated[int, Field(alias="mostRows")],
        far: Annotated[int, Field(validation_alias=AliasChoices("farOff", "far_off"))] = 1,
    ) -> None:
        """Read.

        Args:
            most: How many.
            far: How far.
        """

    properties = schema_of(read)["properties"]
    assert properties["mostRows"]["description"] == "How many."
    assert properties["farOff"]["description"] == "How far."


@pytest.mark.parametrize("reference", ["https://x.test/a.json", "#/$defs/nowhere"])
def test_a_reference_that_leads_nowhere_is_refused(reference: str) -> None:
    extra: dict[str, Any] = {"$ref": reference}

    def read(a: Annotated[Any, Field(json_schema_extra=extra)]) -> None: ...

    with pytest.raises(InvalidTool, match=re.escape(reference)):
        arguments_of(read)


class Named(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    own: int = Field(alias="listed")


class Pair(NamedTuple):
    x: int
    y: int


def lenient(
    a: Named | None = None,
    b: Annotated[int, Field(validation_alias=AliasChoices("b", "c"))] = 1,
    d: Pair | None = None,
    e: Annotated[list[str], BeforeValidator(str.split)] = [],  # noqa: B006 - as users write it
) -> None: ...


@pytest.mark.parametrize(
    "given", [{"a": {"own": 1}}, {"c": 1}, {"d": {"x": 1, "y": 2}}, {"e": "a b"}]
)
def test_what_only_pydantic_would_take_is_refused(given: dict[str, Any]) -> None:
    assert problems(lenient, **given)


def test_thousands_of_values_in_a_set_or_beside_a_literal_are_accepted() -> None:
    def f(a: set[int], b: Literal[1, 2], c: list[float]) -> None: ...

    values = validated(f, a=[*range(5_000)], b=1, c=[1.5] * 5_000)
    assert len(values["a"]) == len(values["c"]) == 5_000


def test_a_refusal_by_a_rule_names_places_as_they_are_in_the_arguments() -> None:
    def plan(days: dict[date, list[date | UUID]], more: dict[int, str] | None = None) -> None: ...

    found = problems(plan, days={"2026-01-02": ["soon"]}, more={"x": "y"})
    assert {each.partition(": ")[0] for each in found} == {'days["2026-01-02"][0]', "more.x"}
