"""Text that people and models see alike: nothing hidden in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from toolyard.core.errors import InvalidTool

_HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control, except tab and newline
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # drawn as nothing
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # writing direction
    "\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufffb"  # zero width
    "\ufe00-\ufe0d\ud800-\udfff"  # variants (emoji need the last two), lone surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # tags and their kin
    "]"
)

_JOINED = "\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\u0900-\u0dff\ufb50-\ufdff\ufe70-\ufefc"
"""Letters of Arabic and of the scripts of India, whose shape a joiner between them changes."""
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_JOINER = re.compile(
    f"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])|(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])"
)


def sendable(text: str) -> str:
    """`text` without lone surrogates, such as odd file names have: UTF-8 cannot hold them."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def sendable_within(document: Any) -> Any:
    """A JSON document whose strings are all `sendable`, keys included."""
    if isinstance(document, str):
        return sendable(document)
    if isinstance(document, Mapping):
        pairs = cast("Mapping[Any, Any]", document).items()
        return {sendable_within(key): sendable_within(inner) for key, inner in pairs}
    if isinstance(document, list | tuple):
        return [sendable_within(inner) for inner in cast("list[Any]", document)]
    return document


def without_hidden(text: str) -> str:
    """`text` without what nobody sees in it, its lines ended in one way."""
    if text.isascii() and text.isprintable():
        return text
    lines = text.replace("\r\n", "\n")
    kept = {found.start() for found in _JOINER.finditer(lines)}
    return _HIDDEN.sub(lambda found: found[0] if found.start() in kept else "", lines)


def refuse_hidden(text: str | None, where: str) -> None:
    """Raise `InvalidTool` naming `where` if `text` holds a character that nobody sees.

    A joiner passes where it is seen: between letters of some scripts, and between emoji.
    """
    if not text or (text.isascii() and text.isprintable()):
        return
    found = _HIDDEN.search(_JOINER.sub("", text))
    if found:
        raise InvalidTool(
            f"The {where} holds the invisible character U+{ord(found[0]):04X}: remove it."
        )


def refuse_hidden_within(document: object, where: str) -> None:
    """Apply `refuse_hidden` to every string in a JSON document, keys included."""
    for text in _strings(document):
        refuse_hidden(text, where)


def _strings(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for key, value in cast("Mapping[str, Any]", document).items():
            yield key
            yield from _strings(value)
    elif isinstance(document, Sequence):
        for value in cast("Sequence[Any]", document):
            yield from _strings(value)
