"""Servers for the conformance suite, one of each for all tests."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.node import Node, require_node
from tests.support.process import free_port, running

SERVER = Path(__file__).with_name("server.py")
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
