"""The JSON Schemas of the tools, of what they take and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolyard.builtin_tools.filesystem.path import MAX_LENGTH

Schema = Mapping[str, Any]
MAX_LINE = 1 << 40
MAX_LIMIT = 10_000
HOW = ("text", "base64")


def taking(*optional: str, **properties: Schema) -> Schema:
    """An object with `properties`, all required but for the `optional` ones."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def text(description: str, most: int, least: int = 0) -> Schema:
    """A text of at most so many characters."""
    bounds = {"minLength": least, "maxLength": most}
    return {"type": "string", "description": description, **bounds}


def number(description: str, most: int, least: int = 1) -> Schema:
    """A whole number."""
    bounds = {"minimum": least, "maximum": most}
    return {"type": "integer", "description": description, **bounds}


def flag(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def choice(description: str, *choices: str) -> Schema:
    """One of some words."""
    return {"type": "string", "description": description, "enum": list(choices)}


def several(description: str, item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "description": description, "items": item}


def path_of(what: str) -> Schema:
    """The path of something below the root."""
    return text(f"{what}, relative to the root, such as notes/a.txt", MAX_LENGTH)


PATH = {"type": "string", "description": "The path, relative to the root"}
SIZE = {"type": "integer", "description": "Bytes of the whole file; 0 for a directory"}
TRUNCATED = flag("There is more than this")
ENTRY = taking(
    name={"type": "string", "description": "The last part of the path"},
    path=PATH,
    size=SIZE,
    is_directory=flag("A directory, not a file"),
    modified={"type": "string", "description": "When it was changed, ISO 8601 in UTC"},
)
MATCH = taking(
    "line",
    "text",
    path=PATH,
    is_directory=flag("A directory, not a file"),
    line={"type": "integer", "description": "Number of the line, from 1"},
    text={"type": "string", "description": "The line"},
)
READ = taking(
    "content",
    "start_line",
    "end_line",
    "mime_type",
    path=PATH,
    encoding=choice("How the content is told", "text", "base64", "image"),
    content={"type": "string", "description": "The content; of a picture see the image block"},
    size=SIZE,
    start_line={"type": "integer", "description": "Number of the first line told, from 1"},
    end_line={"type": "integer", "description": "Number of the last line told"},
    mime_type={"type": "string", "description": "The kind of picture"},
    truncated=TRUNCATED,
)
WRITTEN = taking(path=PATH, size=SIZE)
DONE = taking(path=PATH)
EXISTS = taking(path=PATH, exists=flag("It is there and can be used"))
LISTING = taking(path=PATH, entries=several("Sorted by path", ENTRY), truncated=TRUNCATED)
MATCHES = taking(matches=several("What was found", MATCH), truncated=TRUNCATED)
