"""Where in a text to look for what is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from toolyard.prompts.markup import outermost, read_markup

_FENCE = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)$", re.MULTILINE)


class Place(Protocol):
    """Finds parts of a text; `str` of it says in a few words where it looks."""

    def find(self, text: str) -> Iterator[str]:
        """The parts, the first to be looked at first."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """All of the text."""

    def find(self, text: str) -> Iterator[str]:
        """The text."""
        yield text

    def __str__(self) -> str:
        return "the whole text"


@dataclass(frozen=True, slots=True)
class Tagged:
    """What stands between `<tag>` and `</tag>`, without the space around it."""

    tag: str

    def find(self, text: str) -> Iterator[str]:
        """The content of each such element that is inside of no other, in any case of letters."""
        for element in outermost(read_markup(text, [self.tag]).elements):
            yield text[element.inner_start : element.inner_end].strip()

    def __str__(self) -> str:
        return f"the tag <{self.tag}> with its end"


@dataclass(frozen=True, slots=True)
class Fenced:
    """The blocks between lines of three backticks or tildes."""

    language: str | None = None
    """Only blocks that name this language behind the fence, in any case; `None` for all."""

    def find(self, text: str) -> Iterator[str]:
        """The blocks' lines; one whose end is missing goes on to the end of the text."""
        opened: re.Match[str] | None = None
        for line in _FENCE.finditer(text):
            if opened is None:
                opened = line
            elif _closes(line, opened):
                if self._is_wanted(opened):
                    yield text[opened.end() + 1 : max(opened.end() + 1, line.start() - 1)]
                opened = None
        if opened is not None and self._is_wanted(opened):
            yield text[opened.end() + 1 :]

    def _is_wanted(self, opened: re.Match[str]) -> bool:
        named = opened["info"].split()[:1]
        return self.language is None or [self.language.lower()] == [each.lower() for each in named]

    def __str__(self) -> str:
        return "a fenced block" + (f" of {self.language}" if self.language else "")


def _closes(line: re.Match[str], opened: re.Match[str]) -> bool:
    return line["fence"].startswith(opened["fence"]) and not line["info"].strip()


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of some words, found as a whole word in any case of letters."""

    words: Sequence[str]

    def find(self, text: str) -> Iterator[str]:
        """The words in the order in which they stand in the text, as they are written here."""
        if not self.words:
            return
        known = {word.lower(): word for word in self.words}
        longest_first = sorted(known, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first))
        for found in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE):
            yield known.get(found.group().lower(), found.group())

    def __str__(self) -> str:
        return f"one of the words {', '.join(self.words)}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a regular expression matches: its first group, or all of it where it has none."""

    regex: str

    def find(self, text: str) -> Iterator[str]:
        """Each match that is not empty."""
        for found in re.finditer(self.regex, text):
            part = found[1 if found.re.groups else 0]
            if part:
                yield part

    def __str__(self) -> str:
        return f"the pattern {self.regex}"
