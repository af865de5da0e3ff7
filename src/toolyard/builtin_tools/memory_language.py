"""The command language of the memory tool: its forms, its specification and its parser."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from toolyard.core.errors import ToolError

Operand = Literal["key", "prefix", "value", "ttl", "owner", "expected"]


@dataclass(frozen=True, slots=True)
class Form:
    """How one command is written: its names, then what it needs, then what it may have."""

    names: tuple[str, ...]
    needs: tuple[Operand, ...] = ()
    may: tuple[Operand, ...] = ()
    flags: tuple[str, ...] = ()
    gives: str = ""

    @property
    def name(self) -> str:
        """The whole word."""
        return self.names[-1]

    @property
    def usage(self) -> str:
        """The form in one line, as the specification shows it."""
        shown = {"prefix": "prefix*"}
        words = ["|".join(self.names), *(shown.get(each, each) for each in self.needs)]
        words += [f"[{shown.get(each, each)}]" for each in self.may]
        return " ".join([*words, *self.flags])


FORMS = (
    Form(("P", "PUT"), ("key", "value"), ("ttl",), gives='{"status":"OK","version"}'),
    Form(("G", "GET"), ("key",), (), ("[META]",), '{"value"}'),
    Form(("L", "LIST"), (), ("prefix",), ("[META]", "[AFTER key]"), '{"keys":[..],"next"?}'),
    Form(("D", "DELETE"), ("key",), gives='{"status":"OK"}'),
    Form(("C", "CLEAR"), (), ("prefix",), gives='{"status":"OK","removed"}'),
    Form(("T", "TOTAL"), flags=("A|K|V",), gives='{"total_bytes"|"keys_bytes"|"values_bytes"}'),
    Form(
        ("CLAIM",), ("key", "owner", "ttl"), gives='{"status":"OK","owner","version","expires_in"}'
    ),
    Form(("RENEW",), ("key", "owner", "ttl"), gives="the same"),
    Form(("RELEASE",), ("key", "owner"), gives='{"status":"OK"}'),
    Form(("CAS",), ("key", "expected", "value"), ("ttl",), gives='{"status":"OK","version"}'),
    Form(("SPEC",), gives='{"specification"}'),
)
_BY_NAME = {name: form for form in FORMS for name in form.names}
MAX_KEY_BYTES = 256
PAGE = 100

SPECIFICATION = f"""\
One command per call; capitals or not.
{chr(10).join(f"{form.usage} -> {form.gives}" for form in FORMS)}
Words are parted by spaces, tabs or line ends. key, owner, prefix*: one word, or a JSON string \
in double quotes; 1 to {MAX_KEY_BYTES} bytes, printable. prefix* ends with the star, which stands \
for anything; without it everything is meant.
value: a JSON string ("two words", "a \\"quote\\"", "line\\nbreak"), else all the rest as it is, \
without the space around it. ttl: seconds, 0.001 to 315360000, such as 60 or 0.5. A last word \
that is a number is the ttl when the value is one word or a JSON string: P k v 60. P k two words \
60 stores "two words 60".
A rewrite starts a new ttl, or none. META adds version, added_utc, expires_in (null: never).
LIST gives up to {PAGE} keys in order; "next": go on with AFTER that key.
version: a fencing number; it grows with every change and never falls. CAS writes only if the key \
is at version expected (0: absent).
CLAIM takes a free key for owner until ttl ends; one wins. The holder may claim again, to renew. \
Use a different owner for each worker. To finish a task: CAS key version result, which fails if \
the claim was lost.
TOTAL: A all, K keys, V values, in bytes.
The split form: command is the name (and flags), and key (also for prefix*), value, ttl, owner, \
expected are arguments of their own, taken as they are.
Failures are errors that begin with ERR:."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was understood."""

    name: str
    key: str = ""
    """Also a prefix, without its star."""
    value: str = ""
    ttl_s: float | None = None
    owner: str = ""
    expected: int = 0
    has_meta: bool = False
    after: str = ""
    scope: str = ""


_SPACE = " \t\r\n"
_WORD = re.compile(r"[^ \t\r\n]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_WHOLE = re.compile(r"[0-9]{1,16}")
_JSON = json.JSONDecoder(strict=False)
_SPLIT = ("key", "value", "ttl", "owner", "expected")


def understood(arguments: Mapping[str, Any]) -> Command:
    """The command in the arguments of a call, whose types are right.

    Raises:
        ToolError: It is none; the text begins with `ERR:` and says how to write it.
    """
    reader = _Reader(arguments["command"].strip(_SPACE))
    if reader.is_at_end:
        raise ToolError("ERR:Invalid Command: it is empty; SPEC lists the commands.")
    word = reader.plain_word()
    form = _BY_NAME.get(word.upper()) if word.isascii() else None
    if form is None:
        names = ", ".join(each.name for each in FORMS)
        raise ToolError(f"ERR:Unknown Command {word[:40]!a}: there are {names}.")
    given = {name: arguments[name] for name in _SPLIT if arguments.get(name) is not None}
    try:
        found = _split(form, given) if given else _operands(form, reader)
        found |= _flags(form, reader)
    except _Unclear as unclear:
        wanted = f"{form.usage}, or use the split form" if form.needs else form.usage
        raise ToolError(f"ERR:Invalid {form.name} Syntax: {unclear} Write {wanted}.") from None
    return Command(form.name, **found)


class _Unclear(Exception):
    """What is wrong with a command, as a sentence."""


class _Reader:
    """The words of a command, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    @property
    def is_at_end(self) -> bool:
        return self._place == len(self._text)

    @property
    def is_quoted(self) -> bool:
        return self._text.startswith('"', self._place)

    def plain_word(self) -> str:
        """The next word as it stands; there is one."""
        found = _WORD.match(self._text, self._place)
        assert found is not None
        self._move(found.end())
        return found[0]

    def text(self) -> str:
        """The next word, or JSON string."""
        if not self.is_quoted:
            return self.plain_word()
        try:
            value, end = _JSON.raw_decode(self._text, self._place)
        except ValueError:
            raise _Unclear('A text in "" is not closed, or not as JSON writes it.') from None
        if end < len(self._text) and self._text[end] not in _SPACE:
            raise _Unclear('After a text in "" comes a space.')
        self._move(end)
        return value

    def rest(self) -> str:
        """All that is left."""
        start, self._place = self._place, len(self._text)
        return self._text[start:]

    def has_two_words_left(self) -> bool:
        """Whether exactly one more comes after the next."""
        return len(self._text[self._place :].split(maxsplit=2)) == 2

    def last_word(self) -> str:
        """The word at the very end."""
        return self._text[self._place :].rsplit(maxsplit=1)[-1]

    def is_at(self, words: str) -> bool:
        """Whether one of `words` (A|B) comes next, capital or not."""
        found = _WORD.match(self._text, self._place)
        return found is not None and found[0].isascii() and found[0].upper() in words.split("|")

    def _move(self, place: int) -> None:
        while place < len(self._text) and self._text[place] in _SPACE:
            place += 1
        self._place = place


def _operands(form: Form, reader: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in form.needs:
        if reader.is_at_end:
            raise _Unclear(f"The {name} is missing.")
        if name == "value":
            return found | _value(reader)
        found |= _read(name, reader)
    if "prefix" in form.may and not reader.is_at_end and not _is_at_flag(form, reader):
        found |= _read("prefix", reader)
    return found


def _is_at_flag(form: Form, reader: _Reader) -> bool:
    names = [flag.strip("[]").split()[0] for flag in form.flags]
    return any(reader.is_at(name) for name in names)


def _value(reader: _Reader) -> dict[str, Any]:
    """A value, and the ttl that may follow it."""
    if reader.is_quoted:
        value = reader.text()
        return {"value": value} | ({} if reader.is_at_end else _read("ttl", reader))
    if reader.has_two_words_left() and _NUMBER.fullmatch(reader.last_word()):
        return {"value": reader.plain_word()} | _read("ttl", reader)
    return {"value": reader.rest()}


def _read(name: Operand, reader: _Reader) -> dict[str, Any]:
    text = reader.text()
    match name:
        case "ttl":
            return {"ttl_s": _number(text)}
        case "expected":
            return {"expected": _version(text)}
        case "prefix":
            return {"key": _prefix(text)}
        case _:
            return {name: text}


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise _Unclear(f"The ttl is a number of seconds, such as 60, not {text[:40]!a}.")
    return float(text)


def _version(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise _Unclear(f"expected is a version, such as 17, or 0, not {text[:40]!a}.")
    return int(text)


def _prefix(text: str) -> str:
    if not text.endswith("*"):
        raise _Unclear("A prefix ends with a star.")
    return text[:-1]


def _split(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """The operands that came as arguments of their own."""
    wanted = {"key" if each == "prefix" else each for each in (*form.needs, *form.may)}
    for name in given:
        if name not in wanted:
            raise _Unclear(f"It takes no {name}.")
    for name in form.needs:
        if name not in given:
            raise _Unclear(f"The {name} is missing.")
    found = {("ttl_s" if name == "ttl" else name): value for name, value in given.items()}
    if "prefix" in form.may:
        found["key"] = _prefix(found["key"])
    if "expected" in found:
        found["expected"] = _version(f"{found['expected']:.0f}")
    return found


def _flags(form: Form, reader: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "A|K|V" in form.flags:
        found = _scope(reader)
    if "[META]" in form.flags and reader.is_at("META"):
        reader.plain_word()
        found["has_meta"] = True
    if "[AFTER key]" in form.flags and reader.is_at("AFTER"):
        reader.plain_word()
        if reader.is_at_end:
            raise _Unclear("The key after AFTER is missing.")
        found["after"] = reader.text()
    if not reader.is_at_end:
        raise _Unclear("There is more than it takes.")
    return found


def _scope(reader: _Reader) -> dict[str, Any]:
    if reader.is_at_end:
        raise _Unclear("It needs a scope.")
    if not reader.is_at("A|K|V"):
        raise ToolError("ERR:Invalid TOTAL Scope: write T A (all), T K (keys) or T V (values).")
    return {"scope": reader.plain_word().upper()}
