"""What `anyio.from_thread` wants to find in a thread that anyio itself did not start."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from importlib import import_module
from typing import Any, TypeVar

from anyio import CancelScope
from anyio.from_thread import threadlocals  # pyright: ignore[reportPrivateImportUsage]
from anyio.lowlevel import EventLoopToken

sniffio: Any
try:
    sniffio = import_module("sniffio")  # we need it only where it is there for others
except ImportError:  # then anyio asks asyncio, which knows that a thread runs no event loop
    sniffio = None

T = TypeVar("T")


def run_for_anyio(
    function: Callable[[], T], context: Context, loop: EventLoopToken, scope: CancelScope
) -> T:
    """Run `function` in `context` as in a thread of anyio's, whose caller is in `scope`.

    All of `anyio.from_thread` can be called in it without a token, and `check_cancelled`, which
    takes none. There is no public way to say so: this is the one place that knows where anyio
    looks, and `tests/core/test_threads.py` fails where it looks elsewhere.
    """
    if sniffio is not None:
        context.run(sniffio.current_async_library_cvar.set, None)
    threadlocals.current_token = loop
    threadlocals.current_cancel_scope = scope
    try:
        return context.run(function)
    finally:
        del threadlocals.current_token, threadlocals.current_cancel_scope
