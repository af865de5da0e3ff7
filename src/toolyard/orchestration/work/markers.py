"""Which items an answer says are done: `[TASK_COMPLETE:id]`, unless that is only quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_MARKER = re.compile(r"\[\s*TASK_COMPLETE\s*:([^\[\]\n]*)\]")
_FENCE = re.compile(r"[ \t]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)*(`{3,}|~{3,})(.*)")
_SAID = re.compile(r"<\s*said\b.*?(?:<\s*/\s*said\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_CLOSING = {'"': '"', "“": "”", "„": "“", "«": "»"}
_OPENING = re.compile('["“„«]')
_SINGLE = re.compile(r"['‘‚]\[[^\[\]\n]*\]['’‘]")  # noqa: RUF001 - the same
_TICKS = re.compile("`+")
_BLANK = re.compile(r"\n[ \t]*\n")


class Marked(NamedTuple):
    """Ids of items, each once, in the order of the answer."""

    done: Sequence[str]
    """Those that it says are done."""
    quoted: Sequence[str]
    """Those that are marked only where it shows what somebody else might say."""


def marked_in(answer: str) -> Marked:
    """What `answer` marks; code, quotations and what others said are no place for it."""
    done = _ids(_own_words(answer))
    return Marked([*done], [each for each in _ids(answer) if each not in done])


def _ids(text: str) -> dict[str, None]:
    return dict.fromkeys(found[1].strip() for found in _MARKER.finditer(text))


def _own_words(text: str) -> str:
    text = "\n".join(_outside_of_fences(_SAID.sub(" ", text)))
    paragraphs = (_without_code(each) for each in _BLANK.split(text))
    lines = "\n\n".join(paragraphs).split("\n")
    return _SINGLE.sub(" ", "\n".join(map(_without_quotations, lines)))


def _outside_of_fences(text: str) -> Iterator[str]:
    """The lines of `text` that belong to no block of code and to no quotation."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.fullmatch(line)
        if fence:
            is_end = found is not None and line.strip() == found[1] and found[1].startswith(fence)
            fence = "" if is_end else fence
        elif found is not None and not (found[1][0] == "`" and "`" in found[2]):
            fence = found[1]
        elif not line.lstrip().startswith(">"):
            yield line
        else:
            yield ""


def _without_code(paragraph: str) -> str:
    """`paragraph` without what stands between equal numbers of backticks."""
    ticks = list(_TICKS.finditer(paragraph))
    next_equal = dict[int, int]()
    last_of = dict[int, int]()
    for at in range(len(ticks) - 1, -1, -1):
        length = len(ticks[at][0])
        if length in last_of:
            next_equal[at] = last_of[length]
        last_of[length] = at
    kept, begin, at = list[str](), 0, 0
    while at < len(ticks):
        closing = next_equal.get(at)
        if closing is None:
            at += 1
            continue
        kept.append(paragraph[begin : ticks[at].start()])
        begin = ticks[closing].end()
        at = closing + 1
    return " ".join((*kept, paragraph[begin:]))


def _without_quotations(line: str) -> str:
    """`line` without what stands between quotation marks."""
    kept, begin, unclosed = list[str](), 0, set[str]()
    for found in _OPENING.finditer(line):
        mark = found[0]
        if found.start() < begin or mark in unclosed:
            continue
        end = line.find(_CLOSING[mark], found.end())
        if end < 0:
            unclosed.add(mark)  # so is the next of its kind, which need not look for an end
            continue
        kept.append(line[begin : found.start()])
        begin = end + 1
    return " ".join((*kept, line[begin:]))
