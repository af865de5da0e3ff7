"""An agent or a team that is served elsewhere as a tool, as a member here."""

from __future__ import annotations

from typing import Any, cast

import anyio

from toolyard.agents.run_result import RunResult
from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ToolError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.llm.session import Said
from toolyard.orchestration.texts.said import result_of, text_of

TIMEOUT_S = 600.0


class RemoteAgent:
    """Does a task by calling a tool that takes a `task`, as `Agent.as_tool` makes them.

    What it costs there is not known here.
    """

    def __init__(
        self,
        source: ToolProtocol,
        tool: str,
        *,
        name: str | None = None,
        expertise: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """As described.

        Args:
            source: Where the tool is, such as an `MCPClient`; its owner enters and leaves it.
            tool: The tool's name there.
            name: What the agent is called here; as the tool if not given.
            expertise: What it knows and can do, for whoever chooses among members.
            timeout_s: Seconds that one task may take.
        """
        self.name = name or tool
        self.expertise = expertise
        self._source = source
        self._tool = tool
        self._timeout_s = timeout_s

    async def run(self, *task: Said) -> RunResult[str]:
        """Do a task; pictures in it are not sent.

        Raises:
            ToolError: It has no answer; the text says why.
            CallTimeout: It took too long.
            Unreachable: It cannot be asked.
        """
        call = ToolCall(self._tool, {"task": text_of(task)})
        deadline = anyio.current_time() + self._timeout_s
        with anyio.move_on_at(deadline) as scope:
            result = await self._source.call_tool(call, CallContext(deadline=deadline))
            if result.is_error:
                raise ToolError(result.text or f"{self.name} failed and does not say why.")
            return _read(result.structured, result.text)
        assert scope.cancelled_caught
        raise CallTimeout(self.name, self._timeout_s)


def _read(structured: Any, text: str) -> RunResult[str]:
    said = cast("dict[str, Any]", structured) if isinstance(structured, dict) else {}
    status = "partial" if said.get("status") == "partial" else "complete"
    return result_of(str(said.get("answer", text)), cost_usd=None, status=status)
