"""What SPEC says is what the parser takes: commands are made from its text, and tried."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from toolyard import CallContext, Memory, ToolCall
from toolyard.builtin_tools.memory_language import SPECIFICATION, understood
from toolyard.core.errors import ToolError

LINES = [line.split(" -> ")[0] for line in SPECIFICATION.splitlines() if " -> " in line]
"""The forms as SPEC shows them."""
SPACES = some.text(" \t\r\n", min_size=1, max_size=3)
PRINTABLE = some.text(min_size=1, max_size=30).filter(str.isprintable)
WORDS = PRINTABLE.filter(lambda text: not set(' "') & set(text) and len(text.encode()) <= 200)
QUOTED = PRINTABLE.map(json.dumps)
TEXTS = some.text(max_size=50).filter(lambda text: text.isascii() or text.isprintable())
SECONDS = some.one_of(
    some.integers(1, 315_360_000).map(str),
    some.floats(0.001, 1e6).map(lambda number: f"{number:.3f}"),
)
NAMES = [name for line in LINES for name in line.split()[0].split("|")]
OPERANDS = {
    "key": WORDS | QUOTED,
    "owner": WORDS | QUOTED,
    "value": WORDS | TEXTS.map(json.dumps),
    "ttl": SECONDS,
    "expected": some.integers(0, 2**53 - 1).map(str),
    "prefix*": WORDS.map(lambda word: word + "*") | PRINTABLE.map(lambda t: json.dumps(t + "*")),
    "META": some.sampled_from(["META", "meta"]),
    "A|K|V": some.sampled_from(list("AKVakv")),
}


@some.composite
def commands(draw: some.DrawFn) -> str:
    """A command that one line of SPEC allows."""
    name, *operands = re.findall(r"\[[^]]*\]|\S+", draw(some.sampled_from(LINES)))
    word = draw(some.sampled_from(name.split("|")))
    parts = [draw(some.sampled_from([word, word.lower(), word.title()]))]
    for operand in operands:
        if operand[0] == "[" and draw(some.booleans()):
            continue
        words = operand.strip("[]").split()
        parts += ["AFTER" if each == "AFTER" else draw(OPERANDS[each]) for each in words]
    return draw(some.just("") | SPACES) + "".join(part + draw(SPACES) for part in parts)


def test_the_forms_are_there() -> None:
    assert len(LINES) == 11
    words = "P PUT G GET L LIST D DELETE C CLEAR T TOTAL CLAIM RENEW RELEASE CAS SPEC"
    assert " ".join(NAMES) == words


@settings(max_examples=250)
@given(commands())
def test_what_the_specification_allows_is_taken(command: str) -> None:
    assert understood({"command": command}).name in NAMES


@settings(max_examples=60)
@given(some.sampled_from(LINES), some.data())
def test_what_the_specification_requires_cannot_be_left_out(
    line: str, data: some.DataObject
) -> None:
    name, *operands = re.findall(r"\[[^]]*\]|\S+", line)
    needed = [each for each in operands if each[0] != "["]
    if not needed:
        return
    kept = [data.draw(OPERANDS[each]) for each in needed[:-1]]
    command = " ".join([name.split("|")[0], *kept])
    with pytest.raises(ToolError, match=r"^ERR:Invalid"):
        understood({"command": command})


@settings(max_examples=150)
@given(some.text(max_size=60))
def test_anything_else_is_understood_or_refused_in_a_sentence(text: str) -> None:
    try:
        said = understood({"command": text}).name
    except ToolError as error:
        said = str(error)
    assert said in NAMES or said.startswith("ERR:")


@settings(max_examples=60)
@given(key=PRINTABLE, value=some.text(max_size=100).filter(lambda t: max(t, default="") < "\ud800"))
def test_a_quoted_value_comes_back_as_it_was(key: str, value: str) -> None:
    found = understood({"command": f"P {json.dumps(key)} {json.dumps(value)} 60"})
    assert (found.key, found.value, found.ttl_s) == (key, value, 60)


@settings(max_examples=60)
@given(words=some.lists(WORDS, min_size=2, max_size=5), last=SECONDS)
def test_a_number_after_several_words_belongs_to_the_value(words: list[str], last: str) -> None:
    found = understood({"command": f"P k {' '.join(words)} {last}"})
    assert (found.value, found.ttl_s) == (f"{' '.join(words)} {last}", None)


async def test_the_answers_are_those_that_the_specification_shows() -> None:
    memory = Memory()
    tried = [
        "P k v",
        "G k",
        "L",
        "D k",
        "C",
        "T A",
        "CLAIM t me 60",
        "RENEW t me 60",
        "RELEASE t me",
        "CAS k 0 v",
        "SPEC",
    ]
    shown = [line.split(" -> ")[1] for line in SPECIFICATION.splitlines() if " -> " in line]
    shown[7] = shown[6]
    for command, form in zip(tried, shown, strict=True):
        result = await memory.call_tool(ToolCall("memory", {"command": command}), CallContext())
        names = set(re.findall(r'"(\w+)"(?!\?)', form)) - {"OK"}
        answered = set(result.structured)
        assert answered <= names
        assert answered == names or "|" in form
