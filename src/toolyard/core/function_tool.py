"""A Python function as a tool: its signature is the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from toolyard.core.arguments import Arguments
from toolyard.core.blocks import result_of
from toolyard.core.context import CallContext
from toolyard.core.invocation import Invocation
from toolyard.core.offer import ToolOptions, check_name, offered
from toolyard.core.output import output_of
from toolyard.core.signature import name_of
from toolyard.core.threads import Threads
from toolyard.core.tool import ToolResult


class FunctionTool:
    """Validates arguments, runs the function, checks and wraps what it returns."""

    def __init__(
        self, function: Callable[..., Any], options: ToolOptions, threads: Threads
    ) -> None:
        name = options.get("name") or name_of(function)
        check_name(name, "tool")
        what = f"the function of the tool {name!r}"
        self._invocation = Invocation(function, threads, what)
        signature = self._invocation.signature
        self._arguments = Arguments(name, signature)
        output = output_of(signature.returns, what)
        self._result = output.result if output else result_of
        description = options.get("description") or signature.documentation.text
        schemas = (self._arguments.schema, output.schema if output else None)
        self.tool = offered(name, description, schemas, options)
        self.timeout_s = options.get("timeout_s")
        self.never_waits = self._invocation.never_waits

    async def call(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Run the function once.

        Raises:
            InvalidArguments: The schema refuses the arguments.
            Unfit: The function returned what its output schema refuses.
        """
        values = self._arguments.validate(arguments)
        return self._result(await self._invocation.run(values, context))

    def call_at_once(self, arguments: Mapping[str, Any]) -> ToolResult:
        """As `call`, of a function that `never_waits`."""
        return self._result(self._invocation.run_at_once(self._arguments.validate(arguments)))
