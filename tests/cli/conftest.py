"""What these tests share."""

import os

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What someone has set for a server of their own must not change what a test sees."""
    for name in os.environ:
        if name.upper().startswith("TOOLYARD_"):
            monkeypatch.delenv(name)
