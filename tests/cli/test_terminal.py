"""What is written cannot steer a terminal, and nothing but results goes to standard output."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from toolyard.cli.terminal import LIBRARIES, say, start_logging, write, write_json


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


def test_what_is_quoted_in_a_log_line_cannot_begin_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with logging_of_commands():
        logging.getLogger("toolyard.tested").warning("it said: %s", "a\n2026-01-01 ERROR b\r\nc")
    first, *others = capsys.readouterr().err.splitlines()
    assert first.endswith("it said: a")
    assert others == ["    2026-01-01 ERROR b", "    c"]


def test_that_something_is_tried_again_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_of_commands():
        logging.getLogger("stamina").warning("stamina.retry_scheduled")
    assert capsys.readouterr().err == ""


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
    assert lines[-1] == "    ValueError: of the library"
