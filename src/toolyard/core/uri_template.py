"""URIs with blanks (RFC 6570, level 1), matched in one pass without surprises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from toolyard.core.errors import InvalidTool

LONGEST_URI = 2048
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s{}]*")
_BLANK = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OUTSIDE = re.compile(r"[/?#]")
"""What a blank cannot hold as it is written."""
_HOSTILE = re.compile(r"\.\.|[/\\\x00-\x1f\x7f-\x9f]")
"""What it must not hold once it is decoded."""


class UriTemplate:
    """A URI in which each `{blank}` stands for text without a slash.

    Of several ways to fill the blanks, the first ones get as little as possible.

    Raises:
        InvalidTool: It is not a URI, or its blanks cannot be told apart.
    """

    def __init__(self, text: str) -> None:
        self._start, *rest = _BLANK.split(text)
        self.blanks, self._ends = tuple(rest[0::2]), tuple(rest[1::2])
        self._refuse_malformed(text)

    def match(self, uri: str) -> Mapping[str, str] | None:
        """What `uri` puts into the blanks, percent-decoded once.

        `None` if it does not fit, also if a blank would leave its place in a path.
        """
        if len(uri) > LONGEST_URI:
            return None
        written = self._written(uri)
        if written is None or any(map(_OUTSIDE.search, written)):
            return None
        try:
            values = [unquote(each, errors="strict") for each in written]
        except UnicodeDecodeError:
            return None
        if any(map(_HOSTILE.search, values)):
            return None
        return dict(zip(self.blanks, values, strict=True))

    def _written(self, uri: str) -> list[str] | None:
        """What stands in the place of each blank, never nothing."""
        if not self.blanks:
            return [] if uri == self._start else None
        *between, last = self._ends
        end = len(uri) - len(last)
        position = len(self._start)
        if not (uri.startswith(self._start) and uri.endswith(last)):
            return None
        written: list[str] = []
        for literal in between:
            found = uri.find(literal, position + 1, end)
            if found < 0:
                return None
            written.append(uri[position:found])
            position = found + len(literal)
        return [*written, uri[position:end]] if position < end else None

    def _refuse_malformed(self, text: str) -> None:
        if not _URI.fullmatch(_BLANK.sub("_", text)):
            raise InvalidTool(
                f"{text[:200]!r} is not the URI of a document: write scheme:path, with blanks "
                "only as {name}."
            )
        if len(set(self.blanks)) < len(self.blanks) or not all(self._ends[:-1]):
            raise InvalidTool(
                f"The blanks of {text[:200]!r} cannot be told apart: name each once, and put "
                "text between them."
            )
