"""Cuts a long text where it can be cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolyard.core.errors import ConfigError
from toolyard.orchestration.refusals import refuse_less

_PLACES = tuple(
    map(re.compile, (r"\n\s*\n", r"\n", r"[.!?][\"')\]]*\s+|[\u3002\uff01\uff1f]+", r"\s+"))
)
"""After what a text can be cut, the best first: a paragraph, a line, a sentence, a word."""


class Chunks:
    """Cuts a text in pieces of at most `size` letters.

    A piece ends after a paragraph, or else a line, a sentence or a word, if one ends in its second
    half. Without an overlap, all pieces together are the text.
    """

    def __init__(self, size: int, overlap: int = 0) -> None:
        """As described.

        Args:
            size: Letters, 1 or more.
            overlap: So many of the last letters of a piece begin the next one too; fewer than
                `size`.

        Raises:
            ConfigError: A number is out of its range.
        """
        refuse_less(1, chunk_size=size)
        refuse_less(0, chunk_overlap=overlap)
        if overlap >= size:
            raise ConfigError(
                f"chunk_overlap must be less than chunk_size, which is {size}, not {overlap}."
            )
        self._size = size
        self._overlap = overlap

    def __call__(self, text: str) -> Sequence[str]:
        """The pieces of `text`, in their order; those that are blank are left out."""
        pieces, begin = list[str](), 0
        while len(text) - begin > self._size:
            end = self._end(text, begin)
            pieces.append(text[begin:end])
            begin = end - self._overlap
        pieces.append(text[begin:])
        return [each for each in pieces if each.strip()] or [text]

    def _end(self, text: str, begin: int) -> int:
        """Where the piece that begins there ends; the next one begins after it did."""
        latest = begin + self._size
        earliest = begin + max(self._size // 2, self._overlap + 1)
        for place in _PLACES:
            ends = [each.end() for each in place.finditer(text, earliest - 1, latest)]
            if ends:
                return ends[-1]
        return latest
