"""How alike two texts are."""

from __future__ import annotations

from string import punctuation

_OUTER = punctuation + "\u2018\u2019\u201c\u201d\u00ab\u00bb\u2026\u2013\u2014"
_SHORTEST = 3
"""Letters of the shortest word that counts; shorter ones are in every text."""


def similarity(one: str, other: str) -> float:
    """From 0, no word in common, to 1, the same words in any order and number.

    Case, words of one or two letters and punctuation around words do not count. Two texts
    without words are alike; one without words is like no other.
    """
    words, others = _words(one), _words(other)
    if not words and not others:
        return 1.0
    return len(words & others) / len(words | others)


def _words(text: str) -> set[str]:
    stripped = (word.strip(_OUTER) for word in text.lower().split())
    return {word for word in stripped if len(word) >= _SHORTEST}
