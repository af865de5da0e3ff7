"""No refusal of what fits into an HTTP request holds up the event loop."""

import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model
from tests.support.cpu_time import least_cpu_s
from typing_extensions import TypeAliasType, TypedDict

from toolyard.core.arguments import Arguments
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidArguments
from toolyard.core.signature import read_signature
from toolyard.core.toolbox import Toolbox

VALUES = 99_000
LONGEST_S = 0.5
"""The aim is 0.1; other processes slow this one down."""


class Row(TypedDict):
    a: int
    b: str


class Link(BaseModel):
    name: Annotated[str, Field(pattern="^[a-z]*$")]
    next: "Link | None" = None


class Tree(BaseModel):
    kind: Literal["tree"]
    child: "Tree | Bush | None" = None


class Bush(BaseModel):
    kind: Literal["bush"]
    child: "Tree | Bush | None" = None


Lists = TypeAliasType("Lists", "list[Lists] | tuple[Lists, ...] | int")


class Told(BaseModel):
    kind: Literal["told"]
    child: Annotated["Told | Apart", Field(discriminator="kind")] | None = None


class Apart(BaseModel):
    kind: Literal["apart"]
    child: Annotated["Told | Apart", Field(discriminator="kind")] | None = None


def texts(v: str) -> None: ...
def choice(v: Literal["a", "b"]) -> None: ...
def integers(v: list[int]) -> None: ...
def mixed(v: list[int | str]) -> None: ...
def rows(v: list[Row]) -> None: ...
def days(v: list[date]) -> None: ...
def links(v: Link) -> None: ...
def anything(v: Any) -> None: ...


def plants(v: Tree | Bush) -> None: ...
def lists(v: Lists) -> None: ...
def told(v: Told | Apart) -> None: ...


def chain(name: str, last: str) -> dict[str, Any]:
    link: dict[str, Any] = {"name": last}
    for _ in range(58):
        link = {"name": name, "next": link}
    return link


def children(kind: str, depth: int) -> dict[str, Any]:
    child: dict[str, Any] = {"kind": kind}
    for _ in range(depth):
        child = {"kind": kind, "child": child}
    return child


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


REFUSED: list[tuple[Callable[..., None], dict[str, Any]]] = [
    (integers, {"v": ["x"] * VALUES}),
    (integers, {"v": [0] * VALUES + ["x"]}),
    (integers, {"v": [1.0] * VALUES + ["x"]}),
    (mixed, {"v": [None] * VALUES}),
    (rows, {"v": [{}] * VALUES}),
    (rows, {"v": [{"a": 1, "b": "x"}] * (VALUES // 3) + [{"a": 1, "b": 2}]}),
    (days, {"v": ["x"] * VALUES}),
    (texts, {"v": "", **{f"x{number}": 1 for number in range(VALUES)}}),
    (texts, {"v": "", "x" * 4_000_000: 1}),
    (choice, {"v": "\u00e9" * 2_000_000}),
    (links, {"v": chain("a", "\u00e9\x01" * 600_000)}),
    (links, {"v": chain("a", "1" * 4_000_000)}),
    (plants, {"v": children("tree", 60)}),
    (lists, {"v": nested(1, 60)}),
    (anything, {"v": [nested("NaN", 60)] * 1_600 + [float("inf")]}),
    (anything, {"v": [10**400] * 9_000}),
    (anything, {"v": [int("9" * 4290)] * 900}),
]


@pytest.mark.parametrize(("function", "given"), REFUSED)
def test_a_refusal_takes_a_short_while(
    function: Callable[..., None], given: dict[str, Any]
) -> None:
    arguments = Arguments("it", read_signature(function, "it"))

    def refused() -> None:
        with pytest.raises(InvalidArguments) as refusal:
            arguments.validate(given)
        assert len(refusal.value.problems) <= 10
        assert len(str(refusal.value)) < 5_000

    assert least_cpu_s(refused, enough_s=LONGEST_S) < LONGEST_S


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (plants, children("bush", 12)),
        (lists, [*range(VALUES)]),
        (lists, nested(1, 12)),
        (told, children("apart", 50)),
    ],
)
def test_what_is_nested_as_people_nest_is_accepted(
    function: Callable[..., None], value: Any
) -> None:
    arguments = Arguments("it", read_signature(function, "it"))
    assert arguments.validate({"v": value})
    assert least_cpu_s(lambda: arguments.validate({"v": value}), enough_s=LONGEST_S) < LONGEST_S


def test_a_great_many_alternatives_are_weighed_for_a_short_while() -> None:
    fields: Any = {f"f{each}": (int, ...) for each in range(20)}
    kinds: list[Any] = [create_model(f"Kind{number}", **fields) for number in range(200)]

    def f(v: Any) -> None: ...

    f.__annotations__["v"] = list[tuple(kinds)]
    arguments = Arguments("it", read_signature(f, "it"))

    def refused() -> None:
        with pytest.raises(InvalidArguments, match="f19: is missing"):
            arguments.validate({"v": [{f"f{each}": 1 for each in range(19)}] * 1_000})

    assert least_cpu_s(refused, enough_s=LONGEST_S) < LONGEST_S


def test_long_runs_of_digits_in_text_are_read_once() -> None:
    arguments = Arguments("it", read_signature(texts, "it"))
    text = ("1" * 308 + " ") * 12_900
    assert arguments.validate({"v": text}) == {"v": text}
    longest_s = LONGEST_S / 2
    assert least_cpu_s(lambda: arguments.validate({"v": text}), enough_s=longest_s) < longest_s


async def test_a_prompt_with_a_great_many_arguments_is_refused_soon() -> None:
    tools = Toolbox()

    @tools.prompt
    def greet(name: str) -> str:
        """Greet."""
        return name

    many = {f"x{number}": "" for number in range(VALUES)}
    started = time.thread_time()
    with pytest.raises(InvalidArguments, match="x9: is not an argument; the arguments are name"):
        await tools.library.get_prompt("greet", {"name": "", **many}, CallContext())
    assert time.thread_time() - started < LONGEST_S / 2
