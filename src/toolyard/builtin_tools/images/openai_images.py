"""The wire format of OpenAI, and of xAI, which has the same address and other options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolyard.builtin_tools.images.dialect import (
    Found,
    JsonObject,
    Traits,
    Wish,
    objects,
    text_in,
)

SIZES: Mapping[str, str] = {
    "1:1": "1024x1024",
    "3:2": "1536x1024",
    "2:3": "1024x1536",
    "4:3": "1280x960",
    "3:4": "960x1280",
    "5:4": "1280x1024",
    "4:5": "1024x1280",
    "16:9": "1536x864",
    "9:16": "864x1536",
    "2:1": "1536x768",
    "1:2": "768x1536",
    "21:9": "1680x720",
    "9:21": "720x1680",
    "3:1": "1536x512",
    "1:3": "512x1536",
}
"""OpenAI takes sizes: multiples of 16, up to 3:1, from 655,360 pixels on; and bills by them."""

_WIDE, _HIGH, _SQUARE = "1536x1024", "1024x1536", "1024x1024"
FIXED_SIZES: Mapping[str, str] = {
    "1:1": _SQUARE,
    "3:2": _WIDE,
    "4:3": _WIDE,
    "16:9": _WIDE,
    "2:3": _HIGH,
    "3:4": _HIGH,
    "9:16": _HIGH,
}
"""The first models have three sizes, so the nearest stands for a ratio."""
_FIRST_MODELS = "gpt-image-1"
"""The beginning of their names."""

GROK_RATIOS = (
    *("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16"),
    *("2:1", "1:2", "19.5:9", "9:19.5", "20:9", "9:20"),
)


class OpenAIImages:
    """OpenAI's image models; they always answer with the image itself."""

    traits = Traits(
        provider="openai",
        key_variable="OPENAI_API_KEY",
        base_url="https://api.openai.com/v1",
        model="gpt-image-2",
        most_images=10,
        gives_urls=False,
    )

    def aspect_ratios(self, model: str) -> Sequence[str]:
        """Those that a size stands for."""
        return tuple(_sizes(model))

    def path(self, model: str) -> str:
        """The same for every model."""
        del model
        return "/images/generations"

    def headers(self, api_key: str) -> Mapping[str, str]:
        """A bearer token."""
        return {"Authorization": f"Bearer {api_key}"}

    def bodies(self, wish: Wish) -> Sequence[JsonObject]:
        """One request for all."""
        body: dict[str, Any] = {"model": wish.model, "prompt": wish.prompt, "n": wish.count}
        if wish.aspect_ratio is not None:
            body["size"] = _sizes(wish.model)[wish.aspect_ratio]
        return (body,)

    def found(self, answer: JsonObject) -> Iterator[Found]:
        """`data[].b64_json` or `data[].url`."""
        return _found(answer)

    def refusal(self, answer: JsonObject) -> str | None:
        """It refuses with a status."""
        del answer
        return None


class GrokImages:
    """The image models of xAI."""

    traits = Traits(
        provider="grok",
        key_variable="XAI_API_KEY",
        base_url="https://api.x.ai/v1",
        model="grok-imagine-image",
        most_images=10,
        gives_urls=True,
    )

    def aspect_ratios(self, model: str) -> Sequence[str]:
        """The same for every model."""
        del model
        return GROK_RATIOS

    def path(self, model: str) -> str:
        """The same for every model."""
        del model
        return "/images/generations"

    def headers(self, api_key: str) -> Mapping[str, str]:
        """A bearer token."""
        return {"Authorization": f"Bearer {api_key}"}

    def bodies(self, wish: Wish) -> Sequence[JsonObject]:
        """One request for all."""
        body: dict[str, Any] = {
            "model": wish.model,
            "prompt": wish.prompt,
            "n": wish.count,
            "response_format": "url" if wish.as_urls else "b64_json",
        }
        if wish.aspect_ratio is not None:
            body["aspect_ratio"] = wish.aspect_ratio
        return (body,)

    def found(self, answer: JsonObject) -> Iterator[Found]:
        """`data[].b64_json` or `data[].url`."""
        return _found(answer)

    def refusal(self, answer: JsonObject) -> str | None:
        """An entry of `data` that moderation has emptied."""
        entries = objects(answer.get("data"))
        return "moderation" if any(_is_emptied(each) for each in entries) else None


def _sizes(model: str) -> Mapping[str, str]:
    return FIXED_SIZES if model.startswith(_FIRST_MODELS) else SIZES


def _found(answer: JsonObject) -> Iterator[Found]:
    for each in objects(answer.get("data")):
        base64, url = text_in(each.get("b64_json")), text_in(each.get("url"))
        if base64 is not None:
            yield Found(base64=base64)
        elif url is not None:
            yield Found(url=url)


def _is_emptied(entry: JsonObject) -> bool:
    return entry.get("respect_moderation") is False
