"""What a model may write to read a result, and what it can neither see, hold up nor break."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.registry.policies.large import BOB, MOST, called, handle_in, read
from tests.support.missing import missing

from toolyard import InvalidArguments, ToolError, ToolRegistry
from toolyard.registry.policies import choosing
from toolyard.registry.policies.choosing import Chooser
from toolyard.registry.policies.lines import between, count_of


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of processor time, so that what takes all of it takes no longer here."""
    monkeypatch.setattr(choosing, "_CPU_S", 1)


NOT_IN_THE_SCHEMA: list[dict[str, Any]] = [
    {"head": 0},
    {"head": -1},
    {"head": 1.5},
    {"head": "1"},
    {"head": True},
    {"head": 10**13},
    {"head": [1]},
    {"tail": 0},
    {"tail": -(10**30)},
    {"tail": {"n": 1}},
    {"lines": 5},
    {"lines": ["1-2"]},
    {"lines": "1" * 31},
    {"slice": 1},
    {"slice": "0:" + "1" * 30},
    {"grep": ["a"]},
    {"grep": "x" * 1_001},
    {"jq": 1},
    {"jq": "." + " " * 4_000},
    {"head": 1, "owner": "bob"},
    {"head": 1, "path": "/etc/passwd"},
]


@pytest.mark.parametrize("way", NOT_IN_THE_SCHEMA, ids=lambda way: ascii(way)[:40])
async def test_what_the_schema_does_not_have_is_refused(
    source: ToolRegistry, way: dict[str, Any]
) -> None:
    handle = handle_in(await called(source, "plain"))
    with pytest.raises(InvalidArguments):
        await read(source, handle, **way)


@pytest.mark.parametrize("handle", [None, 1, ["0" * 32], "0" * 65], ids=ascii)
async def test_a_handle_of_another_kind_is_refused(source: ToolRegistry, handle: Any) -> None:
    with pytest.raises(InvalidArguments):
        await read(source, handle, head=1)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "exactly one"),
    ({"head": 1, "tail": 1}, "exactly one"),
    ({"grep": "a", "jq": "."}, "exactly one"),
    ({"lines": ""}, "not a span"),
    ({"lines": " "}, "not a span"),
    ({"lines": "-"}, "not a span"),
    ({"lines": "x"}, "not a span"),
    ({"lines": "5"}, "not a span"),
    ({"lines": "1:2"}, "not a span"),
    ({"lines": "1-2-3"}, "not a span"),
    ({"lines": "--5"}, "not a span"),
    ({"lines": "1 - 2"}, "not a span"),
    ({"lines": "1-1e9"}, "not a span"),
    ({"lines": "0x1-0x5"}, "not a span"),
    ({"lines": "\uff11-\uff12"}, "not a span"),
    ({"lines": "1-2\n3-4"}, "not a span"),
    ({"lines": "9999999999999-"}, "not a span"),
    ({"lines": "150-100"}, "ends before it begins"),
    ({"lines": "3000-"}, "The result has 2000 lines"),
    ({"slice": "-"}, "not a span"),
    ({"slice": ":"}, "not a span"),
    ({"slice": "-5:"}, "not a span"),
    ({"slice": "0:10:2"}, "not a span"),
    ({"slice": "200:100"}, "ends before it begins"),
    ({"slice": "999999:"}, "letters"),
    ({"grep": "("}, "not a regular expression"),
    ({"grep": "[z-a]"}, "not a regular expression"),
    ({"grep": "(?=a)b"}, "not a regular expression"),
    ({"grep": "(?<!a)b"}, "not a regular expression"),
    ({"grep": r"(a)\1"}, "not a regular expression"),
    ({"grep": "a{1000000}"}, "not a regular expression"),
    ({"grep": "((a{100}){100}){100}"}, "not a regular expression"),
    ({"grep": r"\p{Nonsense}"}, "not a regular expression"),
]


@pytest.mark.parametrize(("way", "complaint"), REFUSED, ids=lambda each: ascii(each)[:40])
async def test_a_way_that_makes_no_sense_is_refused(
    source: ToolRegistry, way: dict[str, Any], complaint: str
) -> None:
    handle = handle_in(await called(source, "plain"))
    result = await read(source, handle, **way)
    assert result.is_error
    assert complaint in result.text


async def test_an_empty_pattern_matches_and_gives_no_more_than_the_limit(
    source: ToolRegistry,
) -> None:
    handle = handle_in(await called(source, "plain"))
    result = await read(source, handle, grep="")
    assert result.text.startswith("1: line 1\n2: line 2\n")
    assert len(result.text) < MOST


# Whose a result is.


@pytest.mark.parametrize(
    "changed",
    ["", "0" * 32, "{}a", "{:.31}", " {}", "{} ", "../{}", "{}\0", "*", "{}\n{}"],
    ids=ascii,
)
async def test_only_the_very_handle_leads_to_a_result(source: ToolRegistry, changed: str) -> None:
    right = handle_in(await called(source, "plain"))
    handle = changed.format(right, "")
    result = await read(source, handle, head=1)
    assert result.is_error
    assert "no result under that handle" in result.text


WAYS: list[dict[str, Any]] = [
    {"head": 1},
    {"tail": 1},
    {"lines": "1-1"},
    {"slice": "0:1"},
    {"grep": "l"},
    {"jq": "."},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_nobody_else_reads_it_in_any_way(source: ToolRegistry, way: dict[str, Any]) -> None:
    handle = handle_in(await called(source, "rows"))
    stolen = await read(source, handle, BOB, **way)
    unknown = await read(source, "0" * 32, BOB, **way)
    assert stolen.is_error
    assert stolen.text == unknown.text


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_what_was_kept_long_enough_is_gone_in_every_way(
    source: ToolRegistry, clock: list[float], way: dict[str, Any]
) -> None:
    handle = handle_in(await called(source, "rows"))
    clock[0] += 900
    assert (await read(source, handle, **way)).is_error


# Regular expressions that take minutes, and programs without an end.

SLOW_PATTERNS = [
    "(?:.{0,200}a){1,40}Z",
    "(?:.{0,100}.{0,100}a){1,30}[YZ]",
    "(?i)(?:[a-z].{0,150}){1,40}Z",
]
"""Rust's engine takes linear time, which is two minutes for a million letters."""
HARMLESS_PATTERNS = ["(a*)*b", "(a|a)*b", "^(a+)+$x", "(?:a?){500}b", "(.*)(.*)(.*)(.*)(.*)(.*)x"]
"""What is slow elsewhere."""


@pytest.mark.parametrize("pattern", HARMLESS_PATTERNS)
async def test_a_pattern_that_is_slow_elsewhere_is_answered(
    source: ToolRegistry, pattern: str
) -> None:
    handle = handle_in(await called(source, "one_line"))
    assert (await read(source, handle, grep=pattern)).text == "No line matches."


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("pattern", SLOW_PATTERNS)
async def test_a_pattern_that_takes_for_ever_is_ended(source: ToolRegistry, pattern: str) -> None:
    handle = handle_in(await called(source, "one_line"))
    with anyio.fail_after(15):
        result = await read(source, handle, grep=pattern)
    assert result.is_error
    assert "too much time" in result.text


HOSTILE_PROGRAMS = {
    "no program": (".[", "jq: "),
    "a wrong type": (".result.name", "jq: "),
    "an error of its own": ('error("mine")', "mine"),
    "an unknown function": ("system('id')", "jq: "),
    "a module": ('import "a" as a; .', "jq: "),
    "a module with a path": ('include "x" {search: "/etc"}; .', "jq: "),
    "data of a file": ('import "/etc/passwd" as $p; $p', "jq: "),
    "without end": ("def f: f; f", "too much"),
    "an endless list": ("[repeat(1)]", "too much"),
    "more and more": ("[range(1e9)]", "too much"),
    "ever larger": ('reduce range(100) as $i ("x"; . + .)', ""),
    "a great repetition": ('"x" * 1e9 | length', ""),
    "going back": ('"a" * 40 | . + "!" | test("^(a|aa)+$")', "jq: "),
    "deep": ("reduce range(100000) as $i (0; [.])", ""),
    "a flood of messages": ('range(1e9) | ("x" * 1000 | debug) | empty', "too much"),
}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", HOSTILE_PROGRAMS)
async def test_a_jq_program_harms_nobody(source: ToolRegistry, name: str) -> None:
    handle = handle_in(await called(source, "rows"))
    program, complaint = HOSTILE_PROGRAMS[name]
    with anyio.fail_after(15):
        result = await read(source, handle, jq=program)
    assert result.is_error, result.text[:200]
    assert complaint in result.text
    assert "Traceback" not in result.text
    assert len(result.text) < 1_000


@pytest.mark.parametrize(
    ("limit", "to", "program"),
    [
        ("_CPU_S", 1, "def f: f; f"),
        ("_TIME_S", 1, "def f: f; f"),
        ("_MEMORY_BYTES", 64 * 1024 * 1024, "[range(1e9)]"),
    ],
)
async def test_each_limit_is_enough_to_end_a_program(
    monkeypatch: pytest.MonkeyPatch, limit: str, to: int, program: str
) -> None:
    for other in ("_CPU_S", "_TIME_S"):
        monkeypatch.setattr(choosing, other, 50)
    monkeypatch.setattr(choosing, limit, to)
    with anyio.fail_after(15), pytest.raises(ToolError, match="too much time or memory"):
        await Chooser().jq(program, b"{}", 100)


@pytest.mark.parametrize(
    ("program", "gives"),
    [
        ("$ENV.HOME, $ENV.PATH, $ENV.TOOLYARD_TOKEN", {"null"}),
        ('env | keys | map(select(. != "LC_CTYPE"))', {"[]"}),
        ("[inputs]", {"[]"}),
        ("input_filename", {"null"}),
        ("halt_error", {"jq gives nothing."}),
        ("$__prog_args", {""}),
        ("get_search_list", {"[]", ""}),
        ("$__loc__.file", {'"<top-level>"'}),
    ],
)
async def test_a_jq_program_sees_nothing_but_the_result(
    source: ToolRegistry, monkeypatch: pytest.MonkeyPatch, program: str, gives: set[str]
) -> None:
    monkeypatch.setenv("TOOLYARD_TOKEN", "s3cret")
    handle = handle_in(await called(source, "rows"))
    result = await read(source, handle, jq=program)
    assert "s3cret" not in result.text
    assert result.is_error or set(result.text.split("\n")) <= gives


async def test_jq_reads_one_value_after_the_other_and_nothing_that_is_none(
    source: ToolRegistry,
) -> None:
    chooser = Chooser()
    assert await chooser.jq(".a", b'{"a": 1}\n{"a": 2}\n', 1_000) == "1\n2"
    for text in (b"line 1", b'{"a": 1', b"\xff", b"[1,]"):
        with pytest.raises(ToolError, match=r"jq: .*parse error.*Use grep"):
            await chooser.jq(".", text, 1_000)


# Others are served meanwhile.


def choosing_now() -> Sequence[str]:
    """Those of our processes that choose."""
    children = [task / "children" for task in Path("/proc/self/task").glob("*")]
    if not any(each.exists() for each in children):
        missing("/proc/self/task/*/children", "Run this on Linux.")
    numbers = [number for each in children for number in _read(each).decode().split()]
    return [number for number in numbers if b"choosing_process" in _command(number)]


def _command(number: str) -> bytes:
    return _read(Path("/proc", number, "cmdline"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the thread or the process has ended meanwhile
        return b""


@pytest.mark.usefixtures("hurried")
async def test_the_loop_goes_on_and_few_choose_at_once(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "one_line"))
    most = longest = 0
    done: list[str] = []

    async def choose() -> None:
        done.append((await read(source, handle, grep=SLOW_PATTERNS[0])).text)

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(choose)
        before = time.monotonic()
        while len(done) < 4:
            await anyio.sleep(0.005)
            most = max(most, len(choosing_now()))
            now = time.monotonic()
            longest, before = max(longest, now - before), now
    assert most <= 2
    assert longest < 2
    assert choosing_now() == []


async def test_who_goes_away_ends_what_chooses_for_them(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "one_line"))
    with anyio.move_on_after(0.3) as scope:
        await read(source, handle, grep=SLOW_PATTERNS[0])
    assert scope.cancelled_caught
    assert choosing_now() == []
    assert (await read(source, handle, grep="b")).text == "No line matches."


async def test_who_waits_too_long_for_their_turn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_WAIT_S", 0.1)
    chooser = Chooser(at_once=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chooser.grep, SLOW_PATTERNS[0], b"a" * 1_000_000, 100)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ToolError, match="try again later"):
            await chooser.grep("a", b"a", 100)
        tasks.cancel_scope.cancel()


def test_a_result_of_nothing_but_line_ends_is_not_divided_into_lines() -> None:
    """A list of sixteen million lines would take a tenth of a gigabyte."""
    ends = "\n" * 16_000_000
    began = time.thread_time()
    assert count_of(ends) == 16_000_000
    assert between(ends, 15_999_999, None) == "\n"
    assert between(f"{ends}x", 16_000_001, None) == "x"
    assert between(ends, 1, 2) == "\n"
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "lines", "second"),
    [
        ("", 0, ""),
        ("a", 1, ""),
        ("a\n", 1, ""),
        ("a\nb", 2, "b"),
        ("\n\n", 2, ""),
        ("a\r\nb", 2, "b"),
    ],
)
def test_lines_are_counted_as_they_end(text: str, lines: int, second: str) -> None:
    assert count_of(text) == lines
    assert between(text, 2, 2) == second


@pytest.mark.parametrize(
    "text", ["\ud800 and", "\x00 and", "\x85 and", "\u2028 and", "\U0001f600 and"], ids=ascii
)
async def test_an_odd_text_is_searched_too(text: str) -> None:
    found = await Chooser().grep("and$", text.encode(errors="replace"), 100)
    assert found.startswith("1: ")
    assert found.endswith(" and")
