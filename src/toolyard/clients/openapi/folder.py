"""The files beside a document that its references may name: below its directory, and no others."""

from __future__ import annotations

import posixpath
import stat
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from toolyard.clients.openapi.nodes import Node
from toolyard.clients.openapi.reading import MAX_BYTES, read_document
from toolyard.core.errors import ConfigError, InvalidTool

MOST_FILES = 500
_ENDINGS = (".json", ".yaml", ".yml")


class Folder:
    """Reads each file once, at most `MAX_BYTES` of all together."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._tables: dict[str, Node] = {}
        self._left = MAX_BYTES

    def table(self, name: str) -> Node:
        """The document in the file `name`, relative to the directory; its references are too.

        Raises:
            InvalidTool: It is not there, not below the directory, or no document.
        """
        plain = posixpath.normpath(unquote(name))
        if plain not in self._tables:
            try:
                self._tables[plain] = self._read(plain)
            except ConfigError as error:
                raise InvalidTool(str(error)) from None
        return self._tables[plain]

    def _read(self, name: str) -> Node:
        if not name.endswith(_ENDINGS) or "\\" in name or "\0" in name:
            raise ConfigError(f"It refers to the file {name[:200]!r}, which is not .json or .yaml.")
        path = (self._directory / name).resolve()
        if not path.is_relative_to(self._directory):
            raise ConfigError(
                f"It refers to the file {name[:200]!r}, which is not below its directory."
            )
        if len(self._tables) >= MOST_FILES:
            raise ConfigError(f"It refers to over {MOST_FILES} files; make it one document.")
        content = content_of(path, name, self._left)
        self._left -= len(content)
        table = read_document(content, name)
        _turn(table, name)
        return table


def content_of(path: Path, name: str, most: int = MAX_BYTES) -> bytes:
    """What an ordinary file holds; `ConfigError` if it is none, or has over `most` bytes."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading another kind may never end
            raise ConfigError(f"The document {name[:200]!r} is no ordinary file.")
        with path.open("rb") as opened:
            content = opened.read(most + 1)
    except (OSError, ValueError):
        raise ConfigError(f"The document {name[:200]!r} cannot be read; is it there?") from None
    if len(content) > most:
        raise ConfigError(f"The document {name[:200]!r} is too large; {most} bytes may be read.")
    return content


def _turn(value: Any, name: str) -> None:
    """Let the references in a file count from the directory, as those of the document do."""
    waiting, turned = [value], set[int]()
    while waiting:
        held = waiting.pop()
        if id(held) in turned:  # what a YAML alias stands for is there more than once
            continue
        turned.add(id(held))
        if isinstance(held, dict):
            table = cast("dict[str, Any]", held)
            reference = table.get("$ref")
            if isinstance(reference, str):
                table["$ref"] = _turned(reference, name)
            waiting += table.values()
        elif isinstance(held, list):
            waiting += cast("list[Any]", held)


def _turned(reference: str, name: str) -> str:
    file, hash_, pointer = reference.partition("#")
    if not file:
        return f"{name}#{pointer}"
    if ":" in file or file.startswith(("/", "\\")):
        return reference
    return f"{posixpath.normpath(posixpath.join(posixpath.dirname(name), file))}{hash_}{pointer}"
