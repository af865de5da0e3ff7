"""How one provider is spoken to: where, with which words, and how its answer is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """An image in an answer: one of the two."""

    base64: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn; already known to be within what the provider can do."""

    model: str
    prompt: str
    aspect_ratio: str | None
    count: int
    as_urls: bool


@dataclass(frozen=True, slots=True)
class Traits:
    """What is fixed for a provider."""

    provider: str
    key_variable: str
    """The environment variable its users keep the key in."""
    base_url: str
    model: str
    """The one that is used unless another is named."""
    most_images: int
    gives_urls: bool


class Dialect(Protocol):
    """The wire format of one provider."""

    @property
    def traits(self) -> Traits:
        """What is fixed for it."""
        ...

    def aspect_ratios(self, model: str) -> Sequence[str]:
        """Those that `model` draws."""
        ...

    def path(self, model: str) -> str:
        """What is added to the base URL."""
        ...

    def headers(self, api_key: str) -> Mapping[str, str]:
        """Those that carry the key, which stands nowhere else."""
        ...

    def bodies(self, wish: Wish) -> Sequence[JsonObject]:
        """The requests that together draw the whole wish."""
        ...

    def found(self, answer: JsonObject) -> Iterator[Found]:
        """The images in a good answer."""
        ...

    def refusal(self, answer: JsonObject) -> str | None:
        """The provider's word for why a good answer has no image, if it says one."""
        ...


def objects(value: object) -> Iterator[JsonObject]:
    """The JSON objects in `value`, if that is an array."""
    for each in cast("list[object]", value) if isinstance(value, list) else ():
        if isinstance(each, dict):
            yield cast("JsonObject", each)


def object_in(value: object) -> JsonObject:
    """`value`, if it is a JSON object, or else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def text_in(value: object) -> str | None:
    """`value`, if it is a text that is not empty."""
    return value if isinstance(value, str) and value else None
