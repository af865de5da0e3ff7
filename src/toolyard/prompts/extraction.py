"""What is wanted, read out of a text that says other things as well.

```
answer = extract(reply, Tagged("answer"), Fenced(), Whole())
person = read_json(reply, Person)
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from pydantic import TypeAdapter

from toolyard.core.errors import ExtractionError
from toolyard.prompts.json_values import JsonReader, Refusals
from toolyard.prompts.places import Fenced, Place, Tagged, Whole
from toolyard.prompts.shape import shape_of

T = TypeVar("T")

REPLY: tuple[Place, ...] = (Fenced(), Tagged("answer"), Whole())
"""Where a model's reply may hold JSON, the most deliberate place first."""


@dataclass(frozen=True, slots=True)
class Extracted(Generic[T]):
    """A value that was read, and how."""

    value: T
    place: Place
    is_repaired: bool
    """Whether the text was no JSON and had to be repaired, so that the value is partly a guess."""


def extract(text: str, *places: Place) -> str:
    """What stands in the first of `places` that is there.

    Raises:
        ExtractionError: None of them is.
    """
    for place in places:
        for part in place.find(text):
            return part
    raise ExtractionError("What is wanted", [f"{place}: is not there." for place in places], text)


@overload
def read_json(text: str, shape: type[T] | TypeAdapter[T]) -> T: ...
@overload
def read_json(text: str, shape: Any) -> Any: ...
def read_json(text: str, shape: Any) -> Any:
    """The value of `extract_json`, for those who do not ask where it was and in what state.

    Raises:
        ExtractionError: Nothing of that shape is there.
        PromptError: The shape itself cannot be used.
    """
    return extract_json(text, shape).value


@overload
def extract_json(
    text: str, shape: type[T] | TypeAdapter[T], *places: Place, repair: bool = True
) -> Extracted[T]: ...
@overload
def extract_json(text: str, shape: Any, *places: Place, repair: bool = True) -> Extracted[Any]: ...
def extract_json(text: str, shape: Any, *places: Place, repair: bool = True) -> Extracted[Any]:
    """Read the first JSON value of `shape` in `text`, with work that grows with the text alone.

    In each place come first the values that stand by themselves, then those inside of others,
    then empty ones. Only if no place holds any are broken ones repaired.

    Args:
        text: Anything.
        shape: A type that pydantic knows, a `TypeAdapter`, or a JSON Schema.
        places: Where to look, in order; `REPLY` if there are none.
        repair: Whether to repair what is no JSON as it stands.

    Raises:
        ExtractionError: Nothing of that shape is there.
        PromptError: The shape itself cannot be used.
    """
    wanted = shape_of(shape)
    places = places or REPLY
    reader = JsonReader(wanted)
    refusals = [Refusals(str(place)) for place in places]
    for read in (reader.values, reader.repaired_values) if repair else (reader.values,):
        for place, refused in zip(places, refusals, strict=True):
            for part in place.find(text):
                for value in read(part, refused):
                    return Extracted(value, place, is_repaired=read == reader.repaired_values)
    raise ExtractionError(wanted.name, [each for one in refusals for each in one.told()], text)
