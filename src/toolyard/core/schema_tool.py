"""A handler with a hand-written JSON Schema as a tool."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from toolyard.core.blocks import Unfit, json_text, result_of
from toolyard.core.content import Text
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidArguments, InvalidTool
from toolyard.core.invocation import at_once, awaitable, never_waits
from toolyard.core.json_arguments import UNFIT, decode_arguments, encode_arguments
from toolyard.core.offer import Presentation, offered
from toolyard.core.plain_json import is_plain_json
from toolyard.core.raw_schema import RawSchema
from toolyard.core.threads import Threads
from toolyard.core.tool import ToolResult

if TYPE_CHECKING:
    from toolyard.core.explanation import Explanation


class SchemaTool:
    """Validates arguments, hands them to the handler as they are, checks what it returns."""

    def __init__(
        self,
        name: str,
        handler: Callable[..., Any],
        description: str,
        schemas: tuple[Mapping[str, Any], Mapping[str, Any] | None],
        presentation: Presentation,
        threads: Threads,
    ) -> None:
        self._input = RawSchema(schemas[0], f"The input schema of the tool {name[:64]!r}")
        self._output = (
            RawSchema(schemas[1], f"The output schema of the tool {name[:64]!r}")
            if schemas[1] is not None
            else None
        )
        listed = (self._input.schema, self._output.schema if self._output else None)
        self.tool = offered(name, description, listed, presentation)
        self.timeout_s = presentation.get("timeout_s")
        self._wants_context = _wants_context(handler, name)
        self.never_waits = never_waits(handler) and not self._wants_context
        self._run: Callable[..., Any] = awaitable(handler, threads)

    @cached_property
    def _explanation(self) -> Explanation:
        from toolyard.core.explanation import Explanation  # not before somebody is refused

        return Explanation(self._input.schema)

    async def call(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Run the handler once.

        Raises:
            InvalidArguments: The input schema refuses the arguments.
            Unfit: The handler returned what the output schema refuses.
        """
        given = self._accepted(arguments)
        value = await (self._run(given, context) if self._wants_context else self._run(given))
        return self._checked(_as_result(value))

    def call_at_once(self, arguments: Mapping[str, Any]) -> ToolResult:
        """As `call`, of a handler that `never_waits`."""
        return self._checked(_as_result(at_once(self._run(self._accepted(arguments)))))

    def _accepted(self, arguments: Mapping[str, Any]) -> Any:
        given = decode_arguments(self.tool.name, encode_arguments(self.tool.name, arguments))
        if not self._input.accepts(given):
            raise InvalidArguments(self.tool.name, self._explanation.of(given) or [UNFIT])
        return given

    def _checked(self, result: ToolResult) -> ToolResult:
        if self._output is None or result.is_error:
            return result
        data = result.structured
        if not self._output.accepts(data if is_plain_json(data) else from_json(json_text(data))):
            raise Unfit("what it returned does not fit its output schema")
        return result if result.content else replace(result, content=(Text(json_text(data)),))


def _as_result(value: Any) -> ToolResult:
    if isinstance(value, dict):
        text = json_text(value)
        return ToolResult(content=(Text(text),), structured=from_json(text))
    return result_of(value)


def _wants_context(handler: Callable[..., Any], name: str) -> bool:
    try:
        signature = inspect.signature(handler)
    except ValueError:  # some that are built in do not say
        return False
    for count, wants in ((1, "context" in signature.parameters), (2, True)):
        try:
            signature.bind(*(None,) * count)
        except TypeError:
            continue
        return wants
    raise InvalidTool(
        f"The handler of the tool {name!r} must take the arguments as one dictionary, and "
        "may take the call context after it."
    )
