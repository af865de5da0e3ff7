"""JSON values as a journal writes them: in ASCII, so that every database can hold them."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from toolyard.core.errors import JournalError


def json_text(value: Any, what: str) -> str:
    """`value` as JSON; `JournalError` naming `what` if it is none."""
    return _dumped(value, what, is_sorted=False)


def canonical_text(value: Any, what: str) -> str:
    """The same text for the same value, in whatever order its members are."""
    return _dumped(value, what, is_sorted=True)


def input_hash(kind: str, text: str) -> str:
    """The fingerprint of what a step of `kind` is made from."""
    return sha256(f"{kind}\n{text}".encode()).hexdigest()


def _dumped(value: Any, what: str, *, is_sorted: bool) -> str:
    try:
        return json.dumps(value, allow_nan=False, sort_keys=is_sorted, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(f"The {what} is no JSON value, so it cannot be kept.") from error
