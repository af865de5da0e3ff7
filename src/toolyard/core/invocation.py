"""Calling a function that somebody wrote, whichever kind it is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dis import opmap
from functools import partial
from types import CodeType
from typing import Any, TypeVar

from toolyard.core.context import CallContext
from toolyard.core.signature import Signature, read_signature, underlying
from toolyard.core.threads import Threads

Value = TypeVar("Value")


def awaitable(function: Callable[..., Any], threads: Threads) -> Callable[..., Awaitable[Any]]:
    """`function` itself if it is async, else one that runs it in a thread."""
    if inspect.iscoroutinefunction(underlying(function)):
        return function

    async def in_thread(*positional: Any, **named: Any) -> Any:
        value = await threads.run(partial(function, *positional, **named))
        return await value if inspect.isawaitable(value) else value

    return in_thread


def never_waits(function: Callable[..., Any]) -> bool:
    """Whether `function` is async and awaits nothing: `at_once` has its calls over in one step."""
    code = getattr(underlying(function), "__code__", None)
    if not isinstance(code, CodeType) or not code.co_flags & inspect.CO_COROUTINE:
        return False
    return _AWAITS not in code.co_code[::2]


_AWAITS = opmap["SEND"]
"""What `await`, `async for` and `async with` all come down to."""


def at_once(work: Coroutine[Any, Any, Value]) -> Value:
    """What `work` gives, of a function that `never_waits`; raises what it does."""
    try:
        work.send(None)
    except StopIteration as over:
        return over.value
    work.close()
    raise RuntimeError("What should never wait has waited.")


class Invocation:
    """A function together with its signature, ready to be run by name."""

    def __init__(self, function: Callable[..., Any], threads: Threads, what: str) -> None:
        self.signature: Signature = read_signature(function, what)
        self.never_waits = never_waits(function) and self.signature.context is None
        """Whether it can be `run_at_once`."""
        self._run: Callable[..., Any] = awaitable(function, threads)

    def run(self, values: dict[str, Any], context: CallContext) -> Awaitable[Any]:
        """Call the function with `values`, and with `context` if it wants one."""
        if self.signature.context is not None:
            values[self.signature.context] = context
        return self._run(**values)

    def run_at_once(self, values: dict[str, Any]) -> Any:
        """What a function that `never_waits` gives for `values`."""
        return at_once(self._run(**values))
