"""Asks a person whether a tool may run, and waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio

from toolyard.agents.approval import ALLOW, Decision, Deny
from toolyard.core.tool import Tool
from toolyard.llm.message import ToolUse


class Permission:
    """The question whether a tool may run; used in one event loop."""

    def __init__(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.name = name
        self.arguments = arguments
        self.is_open = True
        """Whether somebody still waits for the answer."""
        self._decided = anyio.Event()
        self._is_given = False

    def decide(self, *, is_given: bool) -> None:
        """Answer it."""
        self._is_given = is_given
        self._decided.set()

    async def wait(self) -> bool:
        """Whether it is given, once that is decided."""
        try:
            await self._decided.wait()
        finally:
            self.is_open = False
        return self._is_given


class AskForPermission:
    """An `Approve` that hands each question to `hear`, and does as it is decided."""

    def __init__(self, hear: Callable[[Permission], None]) -> None:
        self._hear = hear

    async def __call__(self, use: ToolUse, tool: Tool) -> Decision:
        """The decision; for as long as whoever asks waits for it."""
        del tool
        permission = Permission(use.name, use.arguments)
        self._hear(permission)
        return ALLOW if await permission.wait() else Deny("The user does not want it.")
