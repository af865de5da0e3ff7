"""Standard output for results and the protocol alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

STDOUT, STDERR = 1, 2


@contextmanager
def results_apart() -> Generator[TextIO]:
    """Have what others print, and the processes they start, go to standard error meanwhile.

    Both descriptors must be open. The stream that it gives goes where results go.
    """
    sys.stdout.flush()
    kept = os.dup(STDOUT)
    results = _kept(sys.stdout, kept)
    os.dup2(STDERR, STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield results
    finally:
        os.dup2(kept, STDOUT)
        if results is not sys.stdout:
            with suppress(OSError):  # whoever wrote to it knows already
                results.close()
        os.close(kept)


def _kept(stream: TextIO, kept: int) -> TextIO:
    """One like `stream` on `kept`; itself if it is not on the descriptor that is diverted."""
    try:
        is_diverted = stream.fileno() == STDOUT
    except OSError:  # it has none
        is_diverted = False
    if not is_diverted:
        return stream
    return open(kept, "w", encoding=stream.encoding, errors=stream.errors, closefd=False)
