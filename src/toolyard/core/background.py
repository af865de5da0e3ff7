"""Tasks that live as long as their owner."""

from __future__ import annotations

from types import TracebackType

import anyio
from anyio.abc import TaskGroup


class Background:
    """A task group that is cancelled at its end and leaves its owner's errors as they are.

    A plain task group wraps whatever the body raises into an `ExceptionGroup`; whoever catches
    `NameClash` or `Unreachable` around a server or a client would miss it.
    """

    def __init__(self) -> None:
        self._tasks = anyio.create_task_group()

    async def __aenter__(self) -> TaskGroup:
        return await self._tasks.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._tasks.cancel_scope.cancel()
        if not is_cancellation(error):
            await self._tasks.__aexit__(None, None, None)
            return None
        try:
            return await self._tasks.__aexit__(kind, error, traceback)
        except BaseException as raised:
            if raised is error:  # raised anew, an exit stack would make it its own context
                return None
            raise


def is_cancellation(error: BaseException | None) -> bool:
    """Whether `error` is how a cancelled task ends; then it must reach every scope around."""
    return isinstance(error, anyio.get_cancelled_exc_class())
