"""A stream of pieces that must end in time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import anyio

from toolyard.core.errors import ModelError
from toolyard.llm.chat import Piece


async def ended_by(
    pieces: AsyncGenerator[Piece, None], deadline: float, late: Callable[[], ModelError]
) -> AsyncGenerator[Piece, None]:
    """`pieces`, closed at the end; raises `late` at `deadline`, by `anyio.current_time`.

    Each wait has a scope of its own, as none may stay open while somebody else has the turn.
    """
    async with aclosing(pieces):
        while True:
            piece = None
            with anyio.move_on_at(deadline) as scope:
                piece = await anext(pieces, None)
            if scope.cancelled_caught:
                raise late()
            if piece is None:
                return
            yield piece
