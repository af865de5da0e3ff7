"""By what a step is found: the scopes that it was made in, its name, and which of that name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from toolyard.core.errors import JournalError

MOST_BYTES = 2_000
"""Of a path and a name together, as they are written: an index has no room for more."""

_RUN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_ODD = re.compile("[%/\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EMPTY = "%"


class StepKey(NamedTuple):
    """As it is written down."""

    path: str
    name: str
    n: int

    def __str__(self) -> str:
        return f"{self.path}/{self.name}#{self.n}" if self.path else f"{self.name}#{self.n}"


def key_of(path: Sequence[str], name: str, n: int) -> StepKey:
    """The key of a step; `JournalError` if it is too long."""
    key = StepKey("/".join(map(written, path)), written(name), n)
    if len(key.path.encode()) + len(key.name.encode()) > MOST_BYTES:
        raise JournalError(
            f"The path and the name of a step have over {MOST_BYTES} bytes: use shorter names."
        )
    return key


def path_of(written: str) -> tuple[str, ...]:
    """The scopes in a written path."""
    return tuple(map(name_of, written.split("/"))) if written else ()


def written(name: str) -> str:
    """`name` without what separates names, or what a database cannot hold."""
    escaped = _ODD.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), name)
    return escaped or _EMPTY


def name_of(written: str) -> str:
    """The name that was written down."""
    return "" if written == _EMPTY else unquote(written, errors="surrogatepass")


def checked_run_id(run_id: str) -> str:
    """`run_id`; `JournalError` if no run can be called so."""
    if not _RUN_ID.fullmatch(run_id):
        raise JournalError("A run's id has 1 to 200 letters, digits and the signs _ . : - only.")
    return run_id
