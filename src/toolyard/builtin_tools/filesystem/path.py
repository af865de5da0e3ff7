"""Which paths are accepted: the text that is checked is the text that the kernel gets."""

from __future__ import annotations

import re

from toolyard.core.errors import ToolError

MAX_LENGTH = 4_096
"""Bytes of a path."""
MAX_DEPTH = 64
"""Parts of a path."""
TEMPORARY = re.compile(r"\.toolyard-[0-9a-f]{16}\.tmp")
"""The names of files that are being written; what a kill leaves of them is swept."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_HOW = "Give a path below the root such as 'notes/a.txt', or '.' for the root itself."


def checked(path: str) -> str:
    """`path` itself, which leads nowhere but downwards.

    Raises:
        ToolError: It is malformed; the text says what to write instead.
    """
    problem = _problem(path)
    if problem:
        raise ToolError(f"The path {shown(path)} {problem} {_HOW}")
    return path


def is_usable(path: str) -> bool:
    """Whether `path` is accepted; what stands under others is not listed."""
    return _problem(path) is None


def shown(path: str) -> str:
    """`path` in a message: quoted, on one line, not too long."""
    return repr(path) if len(path) <= 200 else f"{path[:200]!r}..."


def _problem(path: str) -> str | None:
    """What is wrong with `path`, if anything."""
    if not path:
        return "is empty."
    if path.startswith("/"):
        return "is absolute."
    if _CONTROL.search(path):
        return "holds a control character."
    if "\\" in path:
        return "holds a backslash: parts are divided by '/'."
    return _problem_of_size(path) or (None if path == "." else _problem_of_parts(path.split("/")))


def _problem_of_size(path: str) -> str | None:
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "holds half of a surrogate pair."
    if length > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} bytes."
    return f"has more than {MAX_DEPTH} parts." if path.count("/") >= MAX_DEPTH else None


def _problem_of_parts(parts: list[str]) -> str | None:
    if ".." in parts:
        return "holds '..', and nothing above the root can be reached."
    if "" in parts:
        return "holds '//' or ends with '/': leave that out."
    if "." in parts:
        return "holds a '.' between its parts: leave that out."
    if any(map(TEMPORARY.fullmatch, parts)):
        return "has a name that is kept for files being written."
    return None
