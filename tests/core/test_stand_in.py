"""A module that is left out while others are loaded."""

from __future__ import annotations

import logging
import logging.config
import sys
from importlib import import_module

import pytest

from toolyard.core.stand_in import load_later, stand_in

RARE = "this"  # of Python's own modules, the one that nobody imports


@pytest.fixture(autouse=True)
def unloaded() -> None:
    sys.modules.pop(RARE, None)


def test_it_is_found_in_the_block_and_the_real_one_after_it() -> None:
    with stand_in(RARE, s=1):
        assert vars(import_module(RARE))["s"] == 1
    assert RARE not in sys.modules
    assert vars(import_module(RARE))["s"] != 1


def test_a_module_that_is_loaded_stays() -> None:
    real = import_module(RARE)
    with stand_in(RARE, s=1):
        assert import_module(RARE) is real
    assert sys.modules[RARE] is real


def test_it_goes_when_the_block_fails() -> None:
    with pytest.raises(ValueError, match="no"), stand_in(RARE):
        raise ValueError("no")
    assert RARE not in sys.modules


def test_what_is_loaded_later_is_whole_for_whoever_looks_into_it() -> None:
    own = "logging.config"
    before = sys.modules.pop(own, None)
    try:
        load_later(own)
        module = sys.modules[own]
        assert "dictConfig" not in object.__getattribute__(module, "__dict__")
        assert logging.config is module
        assert callable(logging.config.dictConfig)
        load_later(own)
        assert sys.modules[own] is module
    finally:
        if before is not None:
            sys.modules[own] = logging.config = before
