"""Which files may be touched, by the ends of their names."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import cast

from toolyard.builtin_tools.filesystem.path import shown
from toolyard.core.errors import ConfigError, ToolError


class Extensions:
    """Rules for names, whatever the case of their letters.

    A file must end with one of `allowed`, if there are any; "" stands for a name without a dot.
    No part of a path, directories included, may have one of `denied` anywhere behind a dot:
    `a.php.txt` has `php`. All of `.env` counts as an extension, `env`.
    """

    def __init__(self, allowed: Collection[str] | None, denied: Collection[str]) -> None:
        self._allowed = None if allowed is None else _normal(allowed, "allowed_extensions")
        self._denied = _normal(denied, "denied_extensions")

    def admit(self, path: str, *, is_directory: bool = False) -> bool:
        """Whether `path` may be touched."""
        if self._denied and any(map(self._is_denied, path.split("/"))):
            return False
        if self._allowed is None or is_directory:
            return True
        name = path.rpartition("/")[2].lower()
        if "." not in name:
            return "" in self._allowed
        return any(ending and name.endswith(f".{ending}") for ending in self._allowed)

    def refuse(self, path: str, *, is_directory: bool = False) -> None:
        """Raise `ToolError` unless `path` may be touched; no matter whether it is there."""
        if self.admit(path, is_directory=is_directory):
            return
        allowed = sorted(f".{each}" if each else "none" for each in self._allowed or ())
        hint = f" Use a file with one of these: {', '.join(allowed)}." if allowed else ""
        raise ToolError(f"Files with the extension of {shown(path)} are not allowed here.{hint}")

    def _is_denied(self, name: str) -> bool:
        parts = [part.strip() for part in _folded(name).split(".")[1:]]
        endings = f".{'.'.join(parts)}."
        return any(f".{each}." in endings for each in self._denied)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _normal(extensions: object, option: str) -> frozenset[str]:
    if isinstance(extensions, str) or not isinstance(extensions, Collection):
        raise ConfigError(f"{option} is a list such as ['.txt', '.md'], not {extensions!r}.")
    given = cast("Collection[object]", extensions)
    known = [each for each in given if isinstance(each, str)]
    if len(known) < len(given):
        raise ConfigError(f"{option} is a list of texts such as '.txt', not {extensions!r}.")
    return frozenset(_folded(each.removeprefix(".")) for each in known)
