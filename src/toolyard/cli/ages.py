"""How long ago something was, in a word or two."""

from __future__ import annotations

import time
from datetime import datetime

from toolyard.core.printable import one_line


def ago(since: str | None) -> str:
    """Since the moment that an ISO text says; any other text as it is."""
    if since is None:
        return ""
    try:
        return lasting(time.time() - datetime.fromisoformat(since).timestamp())
    except ValueError:
        return one_line(since, 30)


def lasting(seconds: float) -> str:
    """That long; what is not over yet by a clock that is ahead takes no time."""
    whole = max(0, int(seconds))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if whole >= 2 * length:
            return f"{whole // length} {unit}"
    return f"{whole} s"
