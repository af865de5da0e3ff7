"""Errors of groups of tasks."""

from __future__ import annotations

from typing import TypeVar, cast

E = TypeVar("E", bound=BaseException)


def first_of(error: E) -> E:
    """What ended a group of tasks; `error` itself if it is no group."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[E]", error).exceptions[0]  # pyright: ignore[reportAssignmentType]
    return error
