"""What these tests share: the command, run in this process, and servers to point it at."""

import logging
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.serving import Served, serving

from toolyard.cli.terminal import LIBRARIES

PathFactory = pytest.TempPathFactory
HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: PathFactory) -> None:
    """What someone has set or approved for themselves must not change what a test sees."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    for name in os.environ:
        if name.upper().startswith("TOOLYARD_"):
            monkeypatch.delenv(name)


@pytest.fixture
def toolyard(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Generator[Toolyard]:
    """Run the command in this process, which is quicker than to start one."""
    loggers = [logging.getLogger(name) for name in ("toolyard", *LIBRARIES)]
    levels = [logger.level for logger in loggers]
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    yield Toolyard(monkeypatch, capsys)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def calculator() -> Generator[Served]:
    """The calculator, which asks for a token."""
    with serving("calculator") as served:
        yield served


@pytest.fixture(scope="session")
def odd_tools() -> Generator[Served]:
    """Tools that answer in every way there is."""
    with serving(str(HERE / "odd_tools.py")) as served:
        yield served


@pytest.fixture
def hostile() -> str:
    """The TARGET of a server that means no good."""
    return f"stdio:'{sys.executable}' '{HERE / 'hostile_server.py'}'"
