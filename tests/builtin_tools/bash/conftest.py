"""Where commands of tests work."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.builtin_tools.bash.shells import place


@pytest.fixture
def root() -> Generator[Path]:
    with place() as made:
        yield made
