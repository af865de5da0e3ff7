"""A program asks for our log, and gets it: on its terminal, and in files that take turns."""

import json
import logging
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.events.examples import HOSTILE
from tests.support.process import run

from toolyard.core.errors import ConfigError
from toolyard.events import log_setup
from toolyard.events.log_setup import setup_logging

logger = logging.getLogger("toolyard.tested")


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    """The log is as it was, after each test."""
    ours = logging.getLogger("toolyard")
    handlers, level, propagate = ours.handlers[:], ours.level, ours.propagate
    yield
    for each in log_setup._installed:
        each.close()
    log_setup._installed.clear()
    ours.handlers[:], ours.propagate = handlers, propagate
    ours.setLevel(level)


def test_lines_go_to_stderr_and_more_of_them_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setup_logging(log_dir=tmp_path / "logs")
    logger.debug("fine")
    logger.info("plain")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(" INFO toolyard.tested: plain\n")
    assert told.err.count("\n") == 1
    file = tmp_path / "logs" / "toolyard.log"
    assert [line.split(" ", 2)[2] for line in file.read_text().splitlines()] == [
        "DEBUG toolyard.tested: fine",
        "INFO toolyard.tested: plain",
    ]
    assert file.stat().st_mode & 0o777 == 0o600


def test_handlers_of_the_root_logger_do_not_write_a_line_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert caplog.handler in logging.getLogger().handlers
    setup_logging(log_dir=None)
    logger.warning("once")
    assert not caplog.records


def test_json_lines_hold_what_is_known_of_a_record(tmp_path: Path) -> None:
    setup_logging(log_dir=tmp_path, log_json_format=True)
    logger.info("said %s", HOSTILE, extra={"model": "m", "tokens": 7, "latency": 0.5, "key": b"x"})
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logger.exception("broke")
    text = (tmp_path / "toolyard.log").read_text()
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
    first, second = map(json.loads, text.splitlines())
    assert first.pop("asctime").endswith("Z")
    assert first == {
        "name": "toolyard.tested",
        "levelname": "INFO",
        "message": f"said {HOSTILE}",
        "model": "m",
        "tokens": 7,
        "latency": 0.5,
        "key": "<1 bytes>",
    }
    assert "ValueError" in second["exc_info"]


def test_what_is_quoted_forges_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging(log_dir=tmp_path)
    logger.warning("it said %s", HOSTILE)
    for text in (capsys.readouterr().err, (tmp_path / "toolyard.log").read_text()):
        assert text.replace("\n", "").isprintable()
        assert [line.startswith("    ") for line in text.splitlines()] == [False, True, True]


def test_files_take_turns(tmp_path: Path) -> None:
    setup_logging("ERROR", log_dir=tmp_path, log_max_bytes=1_000, log_backup_count=2)
    for each in range(100):
        logger.info("line %d", each)
    files = sorted(tmp_path.iterdir())
    assert [each.name for each in files] == ["toolyard.log", "toolyard.log.1", "toolyard.log.2"]
    assert all(0 < each.stat().st_size <= 1_000 for each in files)
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in files)
    assert "line 99" in files[0].read_text()


def test_it_is_done_once_unless_it_must_be_done_again(tmp_path: Path) -> None:
    ours = logging.getLogger("toolyard")
    before = ours.handlers[:]
    setup_logging(log_dir=tmp_path / "first")
    setup_logging(log_dir=tmp_path / "second")
    assert not (tmp_path / "second").exists()
    setup_logging("WARNING", log_dir=None, force=True)
    assert len(ours.handlers) == len(before) + 1
    assert ours.level == logging.WARNING
    assert [each for each in ours.handlers if each in before] == before


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"log_level": "LOUD"}, "There is no log level 'LOUD'"),
        ({"log_file_level": "LOUD"}, "There is no log level 'LOUD'"),
        ({"log_file_name": "a/b"}, "without a folder"),
        ({"log_max_bytes": -1}, "0 or more"),
        ({"log_dir": "/dev/null/logs"}, r"The log toolyard\.log cannot be written: Not a dir"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    wrong: dict[str, object], says: str, tmp_path: Path
) -> None:
    before = logging.getLogger("toolyard").handlers[:]
    with pytest.raises(ConfigError, match=says) as refused:
        setup_logging(**{"log_dir": tmp_path, **wrong})  # pyright: ignore[reportArgumentType]
    assert "/dev" not in str(refused.value)
    assert logging.getLogger("toolyard").handlers == before
    assert not list(tmp_path.iterdir())


SCRIPT = """
import logging, sys
import toolyard
for name in toolyard.__all__:
    if toolyard._HOMES.get(name, "").startswith("events"):
        getattr(toolyard, name)
root = logging.getLogger()
print(root.handlers, root.level, logging.getLogger("toolyard").handlers)
toolyard.setup_logging(log_dir=sys.argv[1])
logging.getLogger("toolyard").info("ours")
logging.getLogger("other").info("theirs")
print(root.handlers, root.level, len(logging.getLogger("toolyard").handlers))
print("rich" in sys.modules, "prometheus_client" in sys.modules, "msgspec" in sys.modules)
"""


def test_the_root_logger_is_left_alone_and_nothing_is_loaded_for_nothing(tmp_path: Path) -> None:
    finished = run([sys.executable, "-c", SCRIPT, str(tmp_path)])
    assert finished.output.splitlines() == ["[] 30 []", "[] 30 2", "False False False"], finished
    assert "ours" in finished.errors
    assert "theirs" not in finished.errors
