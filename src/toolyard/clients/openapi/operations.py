"""The operations of a document, each with a name that stays the same."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.nodes import Node, table_in, table_of, text_in
from toolyard.core.errors import ConfigError, InvalidTool

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
"""Those that become tools; TRACE, which sends back what it was sent, does not."""
MOST_OPERATIONS = 20_000
READING = frozenset(("GET", "HEAD"))

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME = 64
_MARK_CHARS = 6


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    name: str
    """Of its tool."""
    method: str
    """In capitals."""
    path: str
    id: str
    """Its `operationId`, empty if it has none."""
    tags: Sequence[str]
    node: Node
    around: Node
    """The path item that it stands in."""

    @property
    def place(self) -> str:
        """Method and path, as messages have it."""
        return f"{self.method} {self.path}"


def operations_of(document: Document) -> tuple[list[Operation], dict[str, str]]:
    """The operations in the order of the document, and why paths that are none are left out.

    Raises:
        ConfigError: There are no paths, or too many.
    """
    paths = document.root.get("paths")
    if not isinstance(paths, dict):
        raise ConfigError(
            f"The document {document.what} has no paths, so there is nothing to call."
        )
    found: list[tuple[str, str, Node, Node]] = []
    left_out: dict[str, str] = {}
    for path, item in table_of(paths, "'paths'").items():
        if path.startswith("x-"):
            continue
        try:
            found += _in_path(document, path, item)
        except InvalidTool as error:
            left_out[path[:200]] = str(error)
        if len(found) > MOST_OPERATIONS:
            raise ConfigError(
                f"The document {document.what} has over {MOST_OPERATIONS} operations; give a part "
                "of it."
            )
    return _named(found), left_out


def _in_path(document: Document, path: str, item: object) -> Iterator[tuple[str, str, Node, Node]]:
    around = document.resolved(item, "A path")
    for method in METHODS:
        if method in around:
            node = table_of(around[method], f"The operation '{method}'")
            yield method.upper(), path, node, around


def _named(found: Sequence[tuple[str, str, Node, Node]]) -> list[Operation]:
    """A name that two would have is nobody's: each has a mark of its own method and path."""
    wanted = [_wanted(method, path, node) for method, path, node, _ in found]
    counts = Counter(name.lower() for name in wanted)
    return [
        Operation(
            name if _is_fit(name, counts) else _marked(name, f"{method} {path}"),
            method,
            path,
            _id(node),
            _tags(node),
            node,
            around,
        )
        for name, (method, path, node, around) in zip(wanted, found, strict=True)
    ]


def _wanted(method: str, path: str, node: Node) -> str:
    own = _UNFIT.sub("_", _id(node)).strip("_")
    return own or f"{method.lower()}_{_UNFIT.sub('_', path).strip('_')}".rstrip("_")


def _is_fit(name: str, counts: Counter[str]) -> bool:
    return counts[name.lower()] == 1 and len(name) <= _MAX_NAME


def _marked(name: str, place: str) -> str:
    mark = hashlib.sha256(place.encode(errors="replace")).hexdigest()[:_MARK_CHARS]
    return f"{name[: _MAX_NAME - _MARK_CHARS - 1]}_{mark}"


def _id(node: Node) -> str:
    value = node.get("operationId")
    return value if isinstance(value, str) else ""


def _tags(node: Node) -> Sequence[str]:
    tags = node.get("tags")
    if not isinstance(tags, list):
        return []
    return [each for each in cast("list[Any]", tags) if isinstance(each, str)]


def security_of(document: Document, operation: Operation) -> Sequence[Node]:
    """What an operation asks for, as alternatives of schemes that go together."""
    own = operation.node.get("security", document.root.get("security"))
    alternatives = cast("list[Any]", own) if isinstance(own, list) else []
    return [table_of(each, "'security'") for each in alternatives]


def title_of(node: Node) -> str:
    """The summary of an operation."""
    return text_in(node, "summary")


def schemes_of(document: Document) -> dict[str, Node]:
    """The security schemes of the document by name."""
    declared = table_in(table_in(document.root, "components"), "securitySchemes")
    return {
        name: document.resolved(each, f"The scheme {name[:60]!r}")
        for name, each in declared.items()
    }
