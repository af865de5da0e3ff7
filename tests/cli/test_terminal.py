"""What is written cannot steer a terminal, and nothing but results goes to standard output."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from toolyard.cli.terminal import (
    LIBRARIES,
    one_line,
    printable,
    say,
    start_logging,
    write,
    write_json,
)

STEERING = ["\x1b[31m", "\x1b]0;t\x07", "\x9b31m", "\x00", "\x08", "\r", "\x7f", "\u202e", "\u2066"]
HIDDEN = ["\u200b", "\u00ad", "\ufeff", "\u2028", "\U000e0041", "\ud800"]


@pytest.mark.parametrize("letters", [*STEERING, *HIDDEN], ids=ascii)
def test_nothing_is_left_that_steers_a_terminal_or_hides(letters: str) -> None:
    shown = printable(f"a{letters}b")
    assert shown.isprintable()
    assert shown[0] + shown[-1] == "ab"
    assert len(shown) < len(f"a{letters}b")


@pytest.mark.parametrize("text", ["grüße 你好 😀", "a\tb\nc", "[red]x[/red] [/] :smile:", ""])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_unusual_spaces_are_spaces() -> None:
    assert printable("10\u00a0000\u3000x") == "10 000 x"


def test_one_line_is_the_first_and_is_cut() -> None:
    assert one_line("\n a\tb\x1b[0m \nc") == "a b[0m "
    assert one_line("x" * 200, 10) == "x" * 9 + "…"


def test_results_go_to_stdout_and_all_else_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    write("a [/] [red]b[/red] :smile:\tc")
    say("d [/] [red]e[/red] :smile:")
    told = capsys.readouterr()
    assert told.out == "a [/] [red]b[/red] :smile:\tc\n"
    assert told.err == "d [/] [red]e[/red] :smile:\n"


def test_json_is_one_line_of_plain_letters(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"a": "\x1b[31m\u202e\x9b grüße \ud800"}
    write_json(value)
    out = capsys.readouterr().out
    assert out.isascii()
    assert out[:-1].isprintable()
    assert json.loads(out) == value


def test_json_has_no_number_for_what_json_cannot_say(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": [1e999, -1e999, float("nan"), 1.5, 10**30, "NaN"]})
    assert capsys.readouterr().out == (
        '{"a": [null, null, null, 1.5, 1000000000000000000000000000000, "NaN"]}\n'
    )


def test_a_long_sentence_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    say("word " * 100)
    assert capsys.readouterr().err == "word " * 100 + "\n"


@contextmanager
def logging_of_commands() -> Generator[None]:
    """What is logged goes where a command sends it; all is as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("toolyard", *LIBRARIES)}
    root.handlers.clear()
    start_logging(logging.INFO)

    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, own in levels.items():
            logging.getLogger(name).setLevel(own)


def test_log_lines_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_of_commands():
        logging.getLogger("toolyard.tested").info("a client sent %s", "\x1b[31mred\u202e")
        logging.getLogger("toolyard.tested").debug("quiet")
        logging.getLogger("elsewhere").info("quiet")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith("INFO toolyard.tested: a client sent [31mred\n")
    assert "quiet" not in told.err


@pytest.mark.parametrize("name", ["mcp.server.lowlevel", "httpx2", "mcp.client.stdio", "client"])
def test_libraries_show_no_traceback(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with logging_of_commands():
        try:
            raise ValueError("of the library")
        except ValueError:
            logging.getLogger(name).critical("broke", exc_info=True, stack_info=True)
            logging.getLogger("elsewhere").exception("broke as well")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith(f"CRITICAL {name}: broke")
    assert lines[1].endswith("ERROR elsewhere: broke as well")
    assert lines[-1] == "ValueError: of the library"
