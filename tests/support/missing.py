"""What a test needs and this machine lacks."""

import os
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    """Skip the test, saying what is missing and what to do; where `CI` is set, fail it."""
    reason = f"MISSING: {what}. {remedy}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
