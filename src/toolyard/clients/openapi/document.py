"""A document and what its references lead to; nothing is ever fetched for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from toolyard.clients.openapi.folder import Folder
from toolyard.clients.openapi.nodes import Node, table_of
from toolyard.core.errors import ConfigError, InvalidTool

MOST_HOPS = 20
"""References to references that are followed."""


class Document:
    """The root of an OpenAPI 3 document.

    Args:
        root: Its values.
        what: What messages call it.
        folder: Other files that it may refer to.

    Raises:
        ConfigError: It is not of OpenAPI 3.
    """

    def __init__(self, root: Node, what: str, folder: Folder | None = None) -> None:
        self.root = root
        self.what = what
        self._folder = folder
        self.is_3_0 = _version(root, what).startswith("3.0")

    def at(self, reference: str) -> Any:
        """What stands where `reference` points to.

        Raises:
            InvalidTool: It leads out of the document, or nowhere.
        """
        name, _, pointer = reference.partition("#")
        held: Any = self.root if not name else self._file(name, reference)
        for step in _steps(pointer, reference):
            held = _inside(held, step, reference)
        return held

    def resolved(self, value: Any, what: str) -> Node:
        """`value` as a table, or the table that it refers to."""
        for _ in range(MOST_HOPS):
            node = table_of(value, what)
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            value = self.at(reference)
        raise InvalidTool(f"{what} is a reference that leads in a circle.")

    def _file(self, name: str, reference: str) -> Node:
        if ":" in name or name.startswith(("/", "\\")):
            raise InvalidTool(
                f"It refers to {reference[:200]!r}: nothing is fetched for a reference; put what "
                "it stands for into the document."
            )
        if self._folder is None:
            raise InvalidTool(
                f"It refers to {reference[:200]!r}: other files are read only beside a document "
                "that is a file; make it one document."
            )
        return self._folder.table(name)


def _version(root: Node, what: str) -> str:
    if "swagger" in root:
        raise ConfigError(
            f"The document {what} is of Swagger 2.0, which is not read: convert it to OpenAPI 3, "
            "for example with swagger2openapi."
        )
    version = str(root.get("openapi", ""))
    if not version.startswith(("3.0", "3.1", "3.2")):
        raise ConfigError(
            f"The document {what} does not say that it is of OpenAPI 3.0 or 3.1: 'openapi' is "
            f"{version[:20]!r}."
        )
    return version


def _steps(pointer: str, reference: str) -> Sequence[str]:
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise _nowhere(reference)
    steps = unquote(pointer)[1:].split("/")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _inside(held: Any, step: str, reference: str) -> Any:
    if isinstance(held, Mapping) and step in held:
        return cast("Node", held)[step]
    if isinstance(held, list) and step.isdecimal() and len(step) < 8:
        several = cast("list[Any]", held)
        if int(step) < len(several):
            return several[int(step)]
    raise _nowhere(reference)


def _nowhere(reference: str) -> InvalidTool:
    return InvalidTool(f"It refers to {reference[:200]!r}, which is not there.")
