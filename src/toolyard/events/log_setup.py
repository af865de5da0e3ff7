"""Where our log lines go, for programs that leave that to us: a terminal and files."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Lock
from typing import Any

from toolyard.core.errors import ConfigError
from toolyard.core.log_lines import PLAIN, LogLines, stderr_handler
from toolyard.events.json_safe import json_safe

OURS = "toolyard"
_USUAL = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})

_turn = Lock()
_installed: list[logging.Handler] = []


def setup_logging(
    log_level: int | str = "INFO",
    *,
    log_file_level: int | str = "DEBUG",
    log_dir: str | Path | None = "logs",
    log_file_name: str = "toolyard.log",
    log_json_format: bool = False,
    log_max_bytes: int = 10_000_000,
    log_backup_count: int = 5,
    force: bool = False,
) -> None:
    """Write our log to standard error, in colour on a terminal, and to files that take turns.

    Only the logger `toolyard` is set up, and the root logger gets its records no longer: with
    handlers of its own, it would write each a second time. Once that is done, it is done.

    Args:
        log_level: From which level on lines go to standard error, by name or number.
        log_file_level: The same of the files.
        log_dir: Their folder, made if it is not there; `None` for no files.
        log_file_name: The name of the newest; those before it end in `.1`, `.2` and so on.
        log_json_format: Whether each record in a file is a line of JSON: `asctime` in UTC,
            `name`, `levelname`, `message`, and what is known of it, such as `model`, `tokens`.
        log_max_bytes: How long a file may be; 0 for as long as it gets.
        log_backup_count: How many files there are besides the newest; 0 has it grow for ever.
        force: Do it again, in place of what was set up before.

    Raises:
        ConfigError: A level is none, or the file cannot be written; nothing was changed.
    """
    with _turn:
        if _installed and not force:
            return
        levels = _level(log_level), _level(log_file_level)
        handlers = [_on_stderr()]
        if log_dir is not None:
            file = _file(Path(log_dir), log_file_name, log_max_bytes, log_backup_count)
            file.setFormatter(JsonFormatter() if log_json_format else LogLines(PLAIN))
            handlers.append(file)
        for handler, level in zip(handlers, levels, strict=False):
            handler.setLevel(level)
        _install(handlers)


def _install(handlers: list[logging.Handler]) -> None:
    logger = logging.getLogger(OURS)
    for each in _installed:
        logger.removeHandler(each)
        each.close()
    _installed[:] = handlers
    for each in handlers:
        logger.addHandler(each)
    logger.setLevel(min(each.level for each in handlers))
    logger.propagate = False


class JsonFormatter(logging.Formatter):
    """Each record as a line of JSON in ASCII, with what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """As described."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        shown: dict[str, Any] = {
            "asctime": time.replace("+00:00", "Z"),
            "name": record.name,
            "levelname": record.levelname,
            "message": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _USUAL and name not in shown:
                shown[name] = json_safe(value)
        if record.exc_info:
            shown["exc_info"] = self.formatException(record.exc_info)
        return json.dumps(shown, allow_nan=False)


class _PrivateFile(RotatingFileHandler):
    """A file that only its owner can read, and so are those that follow."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self.baseFilename, flags, 0o600)
        return os.fdopen(file, "a", encoding="utf-8", errors="backslashreplace")


def _on_stderr() -> logging.Handler:
    console = None
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True, highlight=False, emoji=False)
    return stderr_handler(console)


def _file(folder: Path, name: str, most: int, others: int) -> logging.Handler:
    if Path(name).name != name:
        raise ConfigError(f"log_file_name is {name!r}: a name without a folder is needed.")
    if most < 0 or others < 0:
        raise ConfigError("log_max_bytes and log_backup_count are 0 or more.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _PrivateFile(folder / name, maxBytes=most, backupCount=others)
    except OSError as error:
        raise ConfigError(f"The log {name} cannot be written: {error.strerror}.") from error


def _level(level: int | str) -> int:
    known = level if isinstance(level, int) else logging.getLevelNamesMapping().get(level.upper())
    if known is None:
        raise ConfigError(f"There is no log level {level!r}: use DEBUG, INFO, WARNING or ERROR.")
    return known
