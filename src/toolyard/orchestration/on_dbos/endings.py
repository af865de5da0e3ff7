"""Tells those who wait for workflows of DBOS when they are over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

import anyio

from toolyard.core.errors import RunCancelled, StoreError

if TYPE_CHECKING:
    from dbos import WorkflowStatus

logger = logging.getLogger("toolyard.orchestration")

FIRST_LOOK_S, LAST_LOOK_S = 0.05, 1.0
"""How soon is looked again when something has ended or begun, and after some time."""
OVER = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class Endings:
    """Looks for all that is waited for at once, however much it is."""

    def __init__(self, find: Callable[[Sequence[str]], Awaitable[Sequence[WorkflowStatus]]]):
        """As described; `find` gives what is known of workflows by their ids."""
        self._find = find
        self._waiting = dict[str, list[_Ending]]()
        self._is_new = anyio.Event()

    async def of(self, workflow_id: str) -> WorkflowStatus:
        """How a workflow ended, once it has; raises `RunCancelled` if it was cancelled."""
        ending = _Ending()
        self._waiting.setdefault(workflow_id, []).append(ending)
        self._is_new.set()
        try:
            status = await ending.wait()
        finally:
            self._waiting[workflow_id].remove(ending)
            if not self._waiting[workflow_id]:
                del self._waiting[workflow_id]
        if status.status not in ("SUCCESS", "ERROR"):
            raise RunCancelled("The run was cancelled; it may be gone on with by `resume`.")
        return status

    async def watch(self) -> NoReturn:
        """Look, for as long as somebody may wait."""
        pause_s = FIRST_LOOK_S
        while True:
            if not self._waiting:
                await self._is_new.wait()
            with anyio.move_on_after(pause_s):
                await self._is_new.wait()
                pause_s = FIRST_LOOK_S
                await anyio.sleep(pause_s)
            self._is_new = anyio.Event()
            pause_s = FIRST_LOOK_S if await self._look() else min(pause_s * 1.5, LAST_LOOK_S)

    async def _look(self) -> bool:
        """Whether something was over."""
        try:
            found = await self._find(list(self._waiting))
        except StoreError as error:  # it may be back the next time
            logger.warning("it was not seen what is over: %s", error)
            return False
        over = [each for each in found if each.status in OVER]
        for each in over:
            for ending in self._waiting.get(each.workflow_id, ()):
                ending.set(each)
        return bool(over)


class _Ending:
    """What one waits for."""

    def __init__(self) -> None:
        self._status: WorkflowStatus | None = None
        self._is_over = anyio.Event()

    def set(self, status: WorkflowStatus) -> None:
        self._status = status
        self._is_over.set()

    async def wait(self) -> WorkflowStatus:
        await self._is_over.wait()
        assert self._status is not None
        return self._status


def given_to(status: WorkflowStatus) -> list[str]:
    """What a workflow was begun with."""
    return [] if status.input is None else list(status.input["args"])
