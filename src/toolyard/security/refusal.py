"""A request that is not let through: the status, and words for metrics, people and clients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from toolyard.core.errors import ToolyardError

Reason = Literal[
    "address",
    "host",
    "origin",
    "token",
    "scope",
    "rate",
    "size",
    "framing",
    "depth",
    "busy",
    "draining",
    "connections",
    "tls",
    "slow",
    "unread",
]
"""Why a request was refused, or a connection cut off, as metrics and events say."""

Headers = Sequence[tuple[str, str]]


class Refusal(ToolyardError):
    """A request ends here; whatever speaks HTTP answers with `status`, `headers` and the text."""

    code = "refused"

    def __init__(self, status: int, reason: Reason, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.reason: Reason = reason
        self.message = message
        self.headers = tuple(headers)


def retry_later(status: int, reason: Reason, message: str, wait_s: float) -> Refusal:
    """A refusal with `Retry-After`: `wait_s` rounded up to whole seconds, at least one."""
    seconds = max(1, math.ceil(wait_s))
    return Refusal(status, reason, message, (("Retry-After", str(seconds)),))
