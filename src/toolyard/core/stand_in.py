"""A stand-in for a module that a library loads, and that is of no use to us."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def stand_in(name: str, **content: Any) -> Generator[None]:
    """Have imports in this block find a module that holds `content` as `name`.

    After it, the first who imports `name` gets the real one. One that is loaded already stays.
    """
    if name in sys.modules:
        yield
        return
    module = ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
