import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, field_serializer, model_serializer
from typing_extensions import TypeAliasType, TypedDict

from toolyard.core.blocks import Unfit, result_of
from toolyard.core.content import Audio, Image, Resource, ResourceLink, Text
from toolyard.core.errors import InvalidTool
from toolyard.core.output import Output, output_of
from toolyard.core.signature import UNSAID
from toolyard.core.tool import ToolResult


class Color(enum.Enum):
    RED = "red"


class Weather(BaseModel):
    celsius: float
    sky: str | None = None
    wind_speed: int = Field(default=0, alias="windSpeed")


class Loose(BaseModel):
    any: Any


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


@dataclass
class Point:
    x: int
    y: float


class Row(TypedDict):
    key: str


FITTING: list[tuple[Any, Any, Any, str]] = [
    (str, "hello", {"result": "hello"}, "hello"),
    (float, 1, {"result": 1.0}, "1.0"),
    (int, 3, {"result": 3}, "3"),
    (bool, True, {"result": True}, "true"),
    (list[int], [1, 2], {"result": [1, 2]}, "[1,2]"),
    (tuple[int, str], (1, "a"), {"result": [1, "a"]}, '[1,"a"]'),
    (str | None, None, {"result": None}, "null"),
    (Literal["a", "b"], "a", {"result": "a"}, "a"),
    (Color, Color.RED, {"result": "red"}, "red"),
    (date, date(2026, 1, 2), {"result": "2026-01-02"}, "2026-01-02"),
    (bytes, b"abc", {"result": "abc"}, "abc"),
    (Point, Point(1, 2), {"x": 1, "y": 2.0}, '{"x":1,"y":2.0}'),
    (Row, {"key": "ä"}, {"key": "ä"}, '{"key":"ä"}'),
    (dict[str, int], {"a": 1}, {"a": 1}, '{"a":1}'),
    (dict[int, str], {1: "a"}, {"1": "a"}, '{"1":"a"}'),
    (dict, {"a": [None]}, {"a": [None]}, '{"a":[null]}'),
    (
        Weather,
        Weather(celsius=1, windSpeed=2),
        {"celsius": 1.0, "sky": None, "windSpeed": 2},
        '{"celsius":1.0,"sky":null,"windSpeed":2}',
    ),
    (Weather | None, None, {"result": None}, "null"),
    (list[Point], [Point(1, 2)], {"result": [{"x": 1, "y": 2.0}]}, '[{"x":1,"y":2.0}]'),
    (
        Tree,
        Tree(value=1, children=[Tree(value=2)]),
        {"value": 1, "children": [{"value": 2, "children": []}]},
        '{"value":1,"children":[{"value":2,"children":[]}]}',
    ),
    (list[Any], [1, "a", None], {"result": [1, "a", None]}, '[1,"a",null]'),
    (
        dict[str, Any],
        {"a": "NaN", "b": date(2026, 1, 2)},
        {"a": "NaN", "b": "2026-01-02"},
        '{"a":"NaN","b":"2026-01-02"}',
    ),
]


@pytest.mark.parametrize(("annotation", "value", "structured", "text"), FITTING)
def test_a_value_becomes_structured_content_and_text(
    annotation: Any, value: Any, structured: Any, text: str
) -> None:
    output = Output(annotation, "it")
    result = output.result(value)
    assert result == ToolResult(content=(Text(text),), structured=structured)
    assert output.schema["type"] == "object"
    Draft202012Validator.check_schema(output.schema)
    assert Draft202012Validator(output.schema).is_valid(result.structured)  # pyright: ignore[reportUnknownMemberType]


def test_what_is_not_an_object_is_wrapped() -> None:
    assert Output(list[int], "it").schema == {
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"type": "integer"}}},
        "required": ["result"],
    }


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "many"),
        (str, 5),
        (float, float("nan")),
        (float, float("inf")),
        (list[float], [1.0, float("-inf")]),
        (dict[str, Any], {"a": float("nan")}),
        (dict[str, Any], {"a": object()}),
        (dict, {"a": [float("nan")]}),
        (Loose, Loose(any=float("inf"))),
        (Weather, Weather.model_construct(celsius=float("nan"))),
        (Weather, Weather.model_construct(celsius="warm")),
        (Point, {"x": "a"}),
        (int, None),
        (bytes, b"\xff"),
        (int, ToolResult()),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_shown(
    annotation: Any, value: Any
) -> None:
    with pytest.raises(Unfit) as refusal:
        Output(annotation, "it").result(value)
    assert "many" not in str(refusal.value) + refusal.value.detail


class Ticket(BaseModel):
    places: Annotated[int, Field(ge=1)] = 1
    row: str = ""

    @field_serializer("row")
    def _shown(self, row: str):  # pyright: ignore[reportUnknownParameterType]
        return row if row else 0


class Coin(BaseModel):
    pence: int

    @model_serializer
    def _shown(self):  # pyright: ignore[reportUnknownParameterType]
        return {"pounds": self.pence / 100}


class Right(enum.Flag):
    READ = 1
    WRITE = 2


def spoilt() -> Ticket:
    ticket = Ticket(row="many")
    ticket.places = -5
    return ticket


@pytest.mark.parametrize(
    ("annotation", "value", "detail"),
    [
        (Ticket, spoilt(), "places: expected a number of at least 1"),
        (list[Ticket], [spoilt()], "result[0].places: expected a number of at least 1"),
        (Ticket, Ticket.model_construct(places=0, row="many"), "places: expected a number"),
        (Ticket, Ticket(), "row: expected a string"),
        (Coin, Coin(pence=1), "pence: is missing"),
        (Right, Right.READ | Right.WRITE, "result: expected one of 1, 2"),
    ],
)
def test_what_goes_out_is_what_the_output_schema_says(
    annotation: Any, value: Any, detail: str
) -> None:
    with pytest.raises(Unfit) as refusal:
        Output(annotation, "it").result(value)
    assert refusal.value.detail.startswith(detail)
    assert "many" not in refusal.value.detail


def test_what_is_nested_too_deeply_does_not_go_out() -> None:
    value: list[Any] = []
    for _ in range(600):
        value = [value]
    with pytest.raises(Unfit):
        Output(list, "it").result(value)


@pytest.mark.parametrize(
    "annotation",
    [
        UNSAID, None, type(None), Any, object, ToolResult, Text, Image, Audio, Resource,
        ResourceLink, list[Image], tuple[Text, Image], Sequence[Text | Image], str | Image,
        list[str | Image], ToolResult | None,
    ],
)  # fmt: skip
def test_blocks_and_what_is_unsaid_have_no_schema(annotation: Any) -> None:
    assert output_of(annotation, "it") is None


Json = TypeAliasType("Json", dict[str, "Json"] | list["Json"] | str | None)
Pictures = TypeAliasType("Pictures", list[Image])


def test_a_type_that_holds_itself_by_its_name_has_a_schema() -> None:
    assert Output(Json, "it").result({"a": [None]}).structured == {"result": {"a": [None]}}
    output = output_of(list[Json], "it")
    assert output is not None
    assert output.result([["a"]]).structured == {"result": [["a"]]}
    assert output_of(Pictures | None, "it") is None


@pytest.mark.parametrize("annotation", [BaseException, type("Opaque", (), {}), type[int]])
def test_a_type_that_json_cannot_carry_is_refused(annotation: Any) -> None:
    with pytest.raises(InvalidTool, match="what it returns"):
        output_of(annotation, "it")


PNG = Image(b"png")


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (None, ()),
        ("hello", (Text("hello"),)),
        (PNG, (PNG,)),
        ([PNG, "a picture", None], (PNG, Text("a picture"))),
        ((PNG, {"size": 3}), (PNG, Text('{"size":3}'))),
        (["a", "b"], (Text('["a","b"]'),)),
        ([], (Text("[]"),)),
        ({"a": 1}, (Text('{"a":1}'),)),
        (3.5, (Text("3.5"),)),
        (Point(1, 2), (Text('{"x":1,"y":2}'),)),
        (datetime(2026, 1, 2, tzinfo=UTC), (Text('"2026-01-02T00:00:00Z"'),)),
        ({"says": "NaN"}, (Text('{"says":"NaN"}'),)),
    ],
)
def test_an_unannounced_value_becomes_blocks(value: Any, content: Any) -> None:
    assert result_of(value) == ToolResult(content=content)


def test_a_result_stays_as_it_is() -> None:
    result = ToolResult(content=(PNG,), structured={"a": 1}, meta={"b": 2})
    assert result_of(result) is result


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {"a": float("nan")},
        "x\ud800".encode("utf-16", "surrogatepass"),
        [float("inf")],
    ],
)
def test_an_unannounced_value_that_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(Unfit):
        result_of(value)


def test_letters_that_utf_8_cannot_hold_are_replaced() -> None:
    """Odd file names have them, and a tool that lists files is not to fail for one."""
    assert result_of("a\ud800b").text == "a\ufffdb"
    assert result_of(["a", "\ud800"]).text == '["a","\ufffd"]'
    output = output_of(dict[str, list[str]], "it")
    assert output is not None
    assert output.result({"a": ["\ud800é"]}).structured == {"a": ["\ufffdé"]}


KINDS: dict[type, st.SearchStrategy[Any]] = {
    float: st.floats() | st.sampled_from([1e-7, 2.5e-5, 1e16, 1e22, -0.0]),
    int: st.integers() | st.integers(2**63, 2**65),
    bool: st.booleans(),
    str: st.text(),
}


@settings(max_examples=400)
@given(kind=st.sampled_from(list(KINDS)), data=st.data())
def test_what_is_plainly_right_becomes_what_a_look_at_it_would_make_it(
    kind: type, data: st.DataObject
) -> None:
    value = data.draw(st.one_of(*KINDS.values()))
    usual, thorough = Output(kind, "f"), Output(kind, "f")
    thorough._annotation = object()  # so that nothing is plainly right
    outcomes: list[ToolResult | str] = []
    for output in (usual, thorough):
        try:
            outcomes.append(output.result(value))
        except Unfit as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
    assert repr(outcomes[0]) == repr(outcomes[1])
