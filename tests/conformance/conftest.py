"""Servers for the conformance suite, one of each for all tests."""

import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.node import Node, require_node
from tests.support.process import free_port, running

HERE = Path(__file__).parent
SERVER = HERE / "server.py"
TOKEN = "a-token-for-the-suite"


@pytest.fixture(scope="session")
def node() -> Node:
    return require_node()


@contextmanager
def fixture_server(*arguments: str) -> Generator[int]:
    """The server that holds what the suite looks for; gives its port."""
    port = free_port()
    with running([sys.executable, str(SERVER), "--port", str(port), *arguments]) as server:
        server.answers(f"http://127.0.0.1:{port}/mcp")
        yield port


@pytest.fixture(scope="session")
def open_server(node: Node, request: pytest.FixtureRequest) -> Generator[int]:
    """The port of a server that asks for no token and answers calls in the way it was asked to.

    It is started only where the suite can run.
    """
    del node
    with fixture_server("--way", request.param) as port:
        yield port


@pytest.fixture(scope="session")
def guarded_server(node: Node) -> Generator[int]:
    """The port of a server that asks for `TOKEN`."""
    del node
    with fixture_server("--token", TOKEN) as port:
        yield port


@pytest.fixture(scope="session")
def client_command(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The command that starts a client for a scenario."""
    del node
    place = str(tmp_path_factory.mktemp("client") / "socket")
    with running([sys.executable, "-m", "tests.conformance.loaded", place]) as loaded:
        loaded.line("Listening")
        yield shlex.join([sys.executable, "-I", "-S", str(HERE / "launch.py"), place])
