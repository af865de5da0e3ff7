"""How the tool is listed for a model: only what the image model behind it can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolyard.builtin_tools.images.model import LONGEST_PROMPT, ImageModel

NAME = "generate_image"
_HOW = {
    "image": "image gives the image itself",
    "file": "file keeps it on the server and gives a link that can be read as a resource",
    "url": "url gives an address on the web that works for a while",
}

OUTPUT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "images": {
            "type": "array",
            "description": "In the order of the blocks",
            "items": {
                "type": "object",
                "properties": {
                    "mime_type": {"type": "string"},
                    "bytes": {"type": "integer", "description": "Size of the file"},
                    "uri": {"type": "string", "description": "Where it can be read"},
                },
                "additionalProperties": False,
            },
        },
        "provider": {"type": "string", "description": "Who drew"},
        "model": {"type": "string", "description": "What drew"},
    },
    "required": ["images", "provider", "model"],
    "additionalProperties": False,
}


def formats_of(model: ImageModel, *, can_save: bool) -> Sequence[str]:
    """What `response_format` may be, the usual one first."""
    usual = ("file", "image") if can_save else ("image",)
    return (*usual, "url") if model.gives_urls else usual


def description_of(formats: Sequence[str]) -> str:
    """What a model should know of the tool."""
    ways = "; ".join(_HOW[each] for each in formats)
    return (
        "Draw images from a description in words, and give them back.\n"
        "Say in the prompt what is to be seen, in which style, light and colours.\n"
        f"Of response_format, {ways}."
    )


def input_schema_of(model: ImageModel, formats: Sequence[str]) -> Mapping[str, Any]:
    """The arguments that `model` takes."""
    return {
        "type": "object",
        "properties": {
            "prompt": {
                "type": "string",
                "description": "What to draw",
                "minLength": 1,
                "maxLength": LONGEST_PROMPT,
            },
            "aspect_ratio": {
                "type": "string",
                "description": "Width to height; the model chooses if it is not given",
                "enum": list(model.aspect_ratios),
            },
            "count": {
                "type": "integer",
                "description": "How many images to draw",
                "minimum": 1,
                "maximum": model.most_images,
                "default": 1,
            },
            "response_format": {
                "type": "string",
                "description": "How to give them",
                "enum": list(formats),
                "default": formats[0],
            },
        },
        "required": ["prompt"],
        "additionalProperties": False,
    }
