"""What is kept of an error, so that it can be raised again when the run is gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from toolyard.core.errors import (
    BudgetSpent,
    ContentFiltered,
    InvalidRequest,
    KeyRefused,
    ModelError,
    ModelUnreachable,
    QuotaSpent,
    RateLimited,
    TokenLimit,
    ToolError,
    ToolyardError,
    UnfitReply,
)

_PLAIN = {
    kind.code: kind
    for kind in (
        ContentFiltered,
        InvalidRequest,
        KeyRefused,
        ModelError,
        ModelUnreachable,
        QuotaSpent,
        RateLimited,
        TokenLimit,
        ToolError,
    )
}
"""Errors that hold a sentence and nothing else that matters later."""


def kept(error: Exception) -> str | None:
    """`error` as it is written; `None` if it cannot be raised again."""
    said: dict[str, Any]
    if type(error) is UnfitReply:
        said = {"code": error.code, "message": str(error), "reply": error.reply}
    elif type(error) is BudgetSpent:
        said = {"code": error.code, "message": str(error), "place": error.place}
    elif isinstance(error, ToolyardError) and _PLAIN.get(error.code) is type(error):
        said = {"code": error.code, "message": str(error)}
    else:
        return None
    return json.dumps(said)


def error_of(text: str) -> ToolyardError:
    """The error that was kept."""
    said = json.loads(text)
    if said["code"] == UnfitReply.code:
        return UnfitReply(said["message"], said["reply"])
    if said["code"] == BudgetSpent.code:
        return BudgetSpent(said["message"], said.get("place"))
    return _PLAIN[said["code"]](said["message"])


def reasons(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that led to it, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += members(each)
        waiting += [one for one in (each.__cause__, each.__context__) if one is not None]


def members(error: BaseException) -> tuple[BaseException, ...]:
    """The errors in a group; none of any other error."""
    if not isinstance(error, BaseExceptionGroup):
        return ()
    return cast("BaseExceptionGroup[BaseException]", error).exceptions
