"""The wire format of Google Gemini."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from toolyard.builtin_tools.images.dialect import (
    Found,
    JsonObject,
    Traits,
    Wish,
    object_in,
    objects,
    text_in,
)

RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9")
LONG_RATIOS = ("4:1", "1:4", "8:1", "1:8")
_DRAWS_LONG = "gemini-3.1-flash-image"
"""The beginning of the names of those that draw `LONG_RATIOS` as well."""


class GeminiImages:
    """Gemini's image models; they draw one image for a request."""

    traits = Traits(
        provider="gemini",
        key_variable="GEMINI_API_KEY",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        model="gemini-3.1-flash-image",
        most_images=4,
        gives_urls=False,
    )

    def aspect_ratios(self, model: str) -> Sequence[str]:
        """Ten, and four long ones of the newer small models."""
        return (*RATIOS, *LONG_RATIOS) if model.startswith(_DRAWS_LONG) else RATIOS

    def path(self, model: str) -> str:
        """Of the model; the key is not in it."""
        return f"/models/{quote(model, safe='')}:generateContent"

    def headers(self, api_key: str) -> Mapping[str, str]:
        """Google's own header, so that no log of addresses holds the key."""
        return {"x-goog-api-key": api_key}

    def bodies(self, wish: Wish) -> Sequence[JsonObject]:
        """One request for each image."""
        options: dict[str, Any] = {"responseModalities": ["IMAGE"]}
        if wish.aspect_ratio is not None:
            options["imageConfig"] = {"aspectRatio": wish.aspect_ratio}
        contents = [{"role": "user", "parts": [{"text": wish.prompt}]}]
        return ({"contents": contents, "generationConfig": options},) * wish.count

    def found(self, answer: JsonObject) -> Iterator[Found]:
        """`candidates[].content.parts[].inlineData.data`, without drafts."""
        for candidate in objects(answer.get("candidates")):
            for part in objects(object_in(candidate.get("content")).get("parts")):
                data = text_in(object_in(part.get("inlineData")).get("data"))
                if data is not None and part.get("thought") is not True:
                    yield Found(base64=data)

    def refusal(self, answer: JsonObject) -> str | None:
        """Why the prompt was blocked, or why drawing ended."""
        blocked = text_in(object_in(answer.get("promptFeedback")).get("blockReason"))
        ended = [text_in(each.get("finishReason")) for each in objects(answer.get("candidates"))]
        return blocked or next((each for each in ended if each and each != "STOP"), None)
