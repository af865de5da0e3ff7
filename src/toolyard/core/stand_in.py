"""Modules that a library loads, and that are of no use to us: left out, or loaded later."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import LazyLoader, find_spec, module_from_spec
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


def load_later(name: str) -> None:
    """Have the first who looks into the module `name` load it; its package is loaded already."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    package, _, own = name.rpartition(".")
    setattr(sys.modules[package], own, module)
