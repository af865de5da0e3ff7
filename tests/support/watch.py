"""Sees what every test of a session lets out, and fails the one that lets out too much."""

import logging
import secrets
import sysconfig
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
import pytest
from tests.support import process
from tests.support.known_secrets import secrets_in
from tests.support.leaks import ROOT, Secrets, excerpt, inside_view
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from toolyard.servers.connection import GuardedProtocol
from toolyard.servers.lane.answers import Answer

LOGGERS = ("toolyard", "mcp", "uvicorn")
"""Not the HTTP client's: the tests' own clients put tokens into URLs to see them refused."""
EVERYTHING = logging.DEBUG - 1
"""The level of the watched loggers; one that no test sets, so that it is known to be ours."""
OURS = (str(Path(sysconfig.get_path("scripts"), "toolyard")), "--stdio")
"""What is in the command lines of toolyard's own; others may write what they like."""


class Watch(logging.Handler):
    """Collects what is written until it is judged."""

    def __init__(self) -> None:
        super().__init__()
        self._made = Secrets()
        self._written: dict[tuple[str, str], None] = {}
        self._received: dict[tuple[str, str], None] = {}
        self._shown: dict[tuple[str, str], None] = {}

    @cached_property
    def secrets(self) -> Secrets:
        """Those in the tests; who only hands out tests to others looks for none."""
        return Secrets(secrets_in(ROOT / "tests"))

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line of the log, with the traceback it may have."""
        self.wrote(f"the log of {record.name}", self.format(record))

    def made(self, secret: str) -> None:
        """Look for `secret`, made while a test ran; its maker may show it on standard output."""
        self._made.add(secret)

    def wrote(self, where: str, text: str) -> None:
        """Note what an operator or nobody reads: it must hold no token."""
        self._written[where, text] = None

    def showed(self, where: str, text: str) -> None:
        """Note what stands on standard output: a token is there only if it was just made."""
        self._shown[where, text] = None

    def answered(self, where: str, text: str) -> None:
        """Note what a caller receives: it must hold neither token nor traceback nor path."""
        self._received[where, text] = None

    def judge(self) -> Sequence[str]:
        """Say, in a sentence each, what should not have come out since the last time."""
        written, shown, received = self._written, self._shown, self._received
        self._written, self._shown, self._received = {}, {}, {}
        everywhere = {**written, **shown, **received}
        return [
            *_findings(everywhere, self.secrets.find, "a token"),
            *_findings({**written, **received}, self._made.find, "a token made in the test"),
            *_findings(received, inside_view, "what is inside"),
        ]


def _findings(
    texts: dict[tuple[str, str], None], find: Callable[[str], str | None], what: str
) -> Sequence[str]:
    return [
        f"{where} holds {what}: {excerpt(text, found)}"
        for where, text in texts
        if (found := find(text))
    ]


WATCH = Watch()


@contextmanager
def watching(config: pytest.Config) -> Generator[None]:
    """Watch logs, in-process HTTP servers, and output that tests read, while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        _hear_answers(patch)
        _hear_makers(patch)
        _hear_readers(patch)
        _keep_usual_levels(config)
        patch.setattr(process, "HEARERS", [hear_command])
        listen()
        yield
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(WATCH)


def listen() -> None:
    """Hear the watched loggers, whatever the last test did to them."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(WATCH)
        if logger.level != EVERYTHING:
            logger.setLevel(EVERYTHING)


def hear_command(command: Sequence[str], is_error: bool, text: str) -> None:
    """Note what a process wrote; over stdio, its standard output is what a caller receives."""
    if is_error:
        WATCH.wrote(f"standard error of {command}", text)
    elif any(word in command for word in OURS):
        WATCH.answered(f"standard output of {command}", text)
    else:
        WATCH.wrote(f"standard output of {command}", text)


def _hear_answers(patch: pytest.MonkeyPatch) -> None:
    """Every answer of a server in this process is written in one of two places."""
    send = RequestResponseCycle.send

    async def heard(self: RequestResponseCycle, message: Any) -> None:
        where = f"the answer to {self.scope['method']}"
        for name, value in message.get("headers", ()):
            WATCH.answered(where, f"{name.decode('latin-1')}: {value.decode('latin-1')}")
        if body := message.get("body"):
            WATCH.answered(where, bytes(body).decode("latin-1"))
        await send(self, message)

    write = GuardedProtocol._write

    def heard_at_once(self: GuardedProtocol, answer: Answer, *, is_last: bool = False) -> None:
        WATCH.answered("the answer to POST", b"".join(answer.body).decode("latin-1"))
        write(self, answer, is_last=is_last)

    patch.setattr(RequestResponseCycle, "send", heard)
    patch.setattr(GuardedProtocol, "_write", heard_at_once)


def _hear_makers(patch: pytest.MonkeyPatch) -> None:
    """Tokens that no source holds come out of these two."""
    token_urlsafe, encode = secrets.token_urlsafe, jwt.encode

    def random(nbytes: int | None = None) -> str:
        made = token_urlsafe(nbytes)
        WATCH.made(made)
        return made

    def signed(*args: Any, **options: Any) -> str:
        made = encode(*args, **options)
        WATCH.made(made.rpartition(".")[2])  # what comes before can be read and says nothing new
        return made

    patch.setattr(secrets, "token_urlsafe", random)
    patch.setattr(jwt, "encode", signed)


def _hear_readers(patch: pytest.MonkeyPatch) -> None:
    """What a test reads with `capsys` or `capfd` is not in the report any more."""
    readouterr = pytest.CaptureFixture[Any].readouterr

    def heard(self: pytest.CaptureFixture[Any]) -> Any:
        read = readouterr(self)
        if isinstance(read.out, str):
            WATCH.showed("standard output", read.out)
            WATCH.wrote("standard error", read.err)
        return read

    patch.setattr(pytest.CaptureFixture, "readouterr", heard)


def _keep_usual_levels(config: pytest.Config) -> None:
    """Leave out of `caplog` what is logged only because we listen."""
    logs: Any = config.pluginmanager.get_plugin("logging-plugin")
    for handler in (logs.caplog_handler, logs.report_handler):
        handler.addFilter(_is_usual)


def _is_usual(record: logging.LogRecord) -> bool:
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None:
        if logger.level not in (logging.NOTSET, EVERYTHING):
            return record.levelno >= logger.level
        logger = logger.parent
    return True


def judged(report: pytest.TestReport) -> pytest.TestReport:
    """`report`, failed if its phase of the test let out what nobody may read."""
    listen()
    for title, text in report.sections:
        if title.endswith(report.when or ""):
            note = WATCH.showed if "stdout" in title else WATCH.wrote
            note(title, text)
    findings = WATCH.judge()
    if findings:
        report.outcome = "failed"
        report.longrepr = "\n".join(filter(None, (report.longreprtext, "LEAKED:", *findings)))
    return report
