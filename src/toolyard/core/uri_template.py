"""URIs with blanks (RFC 6570, level 1), matched without surprises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from toolyard.core.errors import InvalidTool

LONGEST_URI = 2048
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s{}]*")
_BLANK = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CROWDED = re.compile(r"\}\{|(\}[^/]*){3}")
_HOSTILE = re.compile(r"\.\.|[/\\\x00-\x1f\x7f-\x9f]")


class UriTemplate:
    """A URI in which each `{blank}` stands for text without a slash.

    Raises:
        InvalidTool: It is not a URI, or its blanks cannot be told apart.
    """

    def __init__(self, text: str) -> None:
        self.blanks = tuple(_BLANK.findall(text))
        self._refuse_malformed(text)
        literals = _BLANK.split(text)
        literals[0::2] = map(re.escape, literals[0::2])
        literals[1::2] = (f"(?P<{name}>[^/?#]+?)" for name in self.blanks)
        self._pattern = re.compile("".join(literals))

    def match(self, uri: str) -> Mapping[str, str] | None:
        """What `uri` puts into the blanks, percent-decoded once.

        `None` if it does not fit, also if a blank would leave its place in a path.
        """
        if len(uri) > LONGEST_URI:  # bounds the backtracking between two blanks
            return None
        found = self._pattern.fullmatch(uri)
        if found is None:
            return None
        try:
            values = {
                name: unquote(each, errors="strict") for name, each in found.groupdict().items()
            }
        except UnicodeDecodeError:
            return None
        return None if any(map(_HOSTILE.search, values.values())) else values

    def _refuse_malformed(self, text: str) -> None:
        if not _URI.fullmatch(_BLANK.sub("_", text)):
            raise InvalidTool(
                f"{text[:200]!r} is not the URI of a document: write scheme:path, with blanks "
                "only as {name}."
            )
        if len(set(self.blanks)) < len(self.blanks) or _CROWDED.search(text):
            raise InvalidTool(
                f"The blanks of {text[:200]!r} cannot be told apart: name each once, put text "
                "between them, and use at most two between slashes."
            )
