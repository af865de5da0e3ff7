from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypeAliasType

from toolyard.core.branching import Branching, branching_of

Json: Any = TypeAliasType(
    "Json",
    dict[str, "Json"] | list["Json"] | str | int | None,  # pyright: ignore[reportGeneralTypeIssues]
)
Lists: Any = TypeAliasType(
    "Lists",
    list["Lists"] | set["Lists"] | int,  # pyright: ignore[reportGeneralTypeIssues]
)


class Node(BaseModel):
    children: list["Node"] = []


class Add(BaseModel):
    op: Literal["add"]
    of: list["Add | Negate | int"]


class Negate(BaseModel):
    op: Literal["negate"]
    of: "Add | Negate | dict[str, int] | None"


class On(BaseModel):
    is_on: Literal[True]
    then: Annotated["On | Off", Field(discriminator="is_on")] | None = None


class Off(BaseModel):
    is_on: Literal[False]
    then: Annotated["On | Off", Field(discriminator="is_on")] | None = None


@pytest.mark.parametrize(
    ("annotation", "branching"),
    [
        (int | str, Branching()),
        (list[On | dict[str, int]], Branching()),
        (Node, Branching()),
        (Json, Branching()),
        (On, Branching()),
        (Lists, Branching(objects=1, arrays=2)),
        (dict[str, Add], Branching(objects=3, arrays=1)),
    ],
)
def test_the_widest_union_that_holds_itself_counts(annotation: Any, branching: Branching) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    core_schema: Any = adapter.core_schema
    assert branching_of(core_schema) == branching


def test_what_is_tried_doubles_with_each_level() -> None:
    def chain(depth: int) -> dict[str, Any]:
        return {"v": {"next": chain(depth - 1)["v"]} if depth else 1}

    assert Branching(objects=2).is_bearable(chain(16))
    assert not Branching(objects=2).is_bearable(chain(18))
    assert Branching(arrays=2).is_bearable(chain(200))
    assert Branching().is_bearable(chain(200))
    assert Branching(arrays=9).is_bearable({"v": [[1]] * 1_000, "w": [*range(20_000)]})
