"""Servers that clients nobody here wrote connect to, one of each for all tests."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.support.node import Node, require_node
from tests.support.serving import Served, serving

SLOW_TOOLS = Path(__file__).with_name("slow_tools.py")


@pytest.fixture(scope="session")
def node() -> Node:
    return require_node()


@pytest.fixture(scope="session")
def calculator() -> Generator[Served]:
    with serving("calculator") as served:
        yield served


@pytest.fixture(scope="session")
def slow_tools() -> Generator[Served]:
    with serving(str(SLOW_TOOLS)) as served:
        yield served
