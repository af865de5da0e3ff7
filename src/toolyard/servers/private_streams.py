"""Standard input and output for the protocol alone; tools and their children have others."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress

from mcp.os.win32.utilities import rebind_std_handle_to_fd

STDIN, STDOUT, STDERR = 0, 1, 2

_taken: set[int] = set()


@contextmanager
def private_streams() -> Generator[tuple[int, int]]:
    """Descriptors of standard input and output, which others meanwhile find diverted.

    They find input at its end, and what they print comes out at the standard error. The
    descriptors stay open at the end: a thread may still wait for a line or for its turn to write.

    Raises:
        RuntimeError: Another server of this process has them already.
    """
    with ExitStack() as stack:
        source = stack.enter_context(_private(STDIN, lambda: os.open(os.devnull, os.O_RDONLY)))
        yield source, stack.enter_context(_private(STDOUT, _error))


@contextmanager
def _private(standard: int, divert: Callable[[], int]) -> Generator[int]:
    if standard in _taken:
        raise RuntimeError("Another server of this process has standard input and output already.")
    private = _above_the_standard_ones(standard)
    instead = divert()
    _put(instead, standard)
    os.close(instead)
    _taken.add(standard)
    try:
        yield private
    finally:
        if standard == STDOUT:  # what tools have printed is not for the host
            with suppress(OSError, ValueError, AttributeError):  # closed, or never there
                sys.stdout.flush()
        _put(private, standard)
        _taken.discard(standard)


def _error() -> int:
    try:
        return os.dup(STDERR)
    except OSError:  # it is closed
        return os.open(os.devnull, os.O_WRONLY)


def _above_the_standard_ones(descriptor: int) -> int:
    """A duplicate; where the error was closed it would else be that, and get what is said there."""
    lower = list[int]()
    while (private := os.dup(descriptor)) <= STDERR:
        lower.append(private)
    for each in lower:
        os.close(each)
    return private


def _put(descriptor: int, standard: int) -> None:
    os.dup2(descriptor, standard)
    if sys.platform == "win32":  # whose children look elsewhere
        rebind_std_handle_to_fd(standard)
