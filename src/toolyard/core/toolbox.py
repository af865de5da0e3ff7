"""Python functions as tools."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, cast, overload

from toolyard.core.attempt import Runnable, attempt, attempt_at_once
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidTool, NameClash, UnknownName
from toolyard.core.library import Library
from toolyard.core.marking import marked_methods, options_of, tool
from toolyard.core.offer import Presentation, PromptOptions, ResourceOptions, ToolOptions
from toolyard.core.protocol import Change, Instant, Listener, Listeners
from toolyard.core.schema_tool import SchemaTool
from toolyard.core.threads import Threads
from toolyard.core.tool import Tool, ToolCall, ToolResult

if TYPE_CHECKING:
    from toolyard.core.function_tool import FunctionTool

__all__ = ["Toolbox", "tool"]

F = TypeVar("F", bound=Callable[..., Any])


class Toolbox:
    """A source of tools, documents and prompts that are written in Python.

    Async functions run in the event loop, others in at most `max_threads` threads. Tools may be
    added and removed at any time from the event loop; whoever subscribed hears of it.
    """

    def __init__(self, *, max_threads: int = 16) -> None:
        self._threads = Threads(max_threads)
        self._listeners = Listeners()
        self._entries: dict[str, Runnable] = {}
        self._instants: dict[str, Instant] = {}
        self._listed: tuple[Tool, ...] | None = ()
        """What was listed last; `None` if there are others now."""
        self.library = Library(self._threads, self._listeners)
        """The documents and prompts, as a client reads them."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del kind, error, traceback

    @overload
    def tool(self, function: F, /) -> F: ...
    @overload
    def tool(self, /, **options: Unpack[ToolOptions]) -> Callable[[F], F]: ...
    def tool(self, function: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
        """Offer the decorated function as a tool; the function stays as it is."""

        def offer(function: F) -> F:
            self.add(function, **options)
            return function

        return offer if function is None else offer(function)

    def add(self, thing: object, /, **options: Unpack[ToolOptions]) -> None:
        """Offer a function, or all methods of an object that are marked with `tool`.

        An object that can be called, and has no such methods, is a function too.

        Raises:
            InvalidTool: It cannot be offered as it is written; the text says what to change.
            NameClash: A tool of that name is there already.
        """
        if not _is_function(thing):
            self._add_object(thing, options)
            return
        function = cast("Callable[..., Any]", thing)
        known: ToolOptions = {**(options_of(function) or {}), **options}
        self._offer(self._made(function, known))

    def _add_object(self, thing: object, options: ToolOptions) -> None:
        if options:
            raise InvalidTool("The options of a method belong to its own `tool` decorator.")
        methods = marked_methods(thing)
        if not methods:
            raise InvalidTool(
                f"{type(thing).__name__} has no method marked with `toolyard.core.toolbox.tool`."
            )
        self._offer(*(self._made(each, options_of(each) or {}) for each in methods))

    def _made(self, function: Callable[..., Any], options: ToolOptions) -> FunctionTool:
        # It loads what makes schemas of types, which those who write them by hand do without.
        from toolyard.core.function_tool import FunctionTool

        return FunctionTool(function, options, self._threads)

    def add_schema(
        self,
        name: str,
        handler: Callable[..., Any],
        *,
        description: str,
        input_schema: Mapping[str, Any],
        output_schema: Mapping[str, Any] | None = None,
        **presentation: Unpack[Presentation],
    ) -> None:
        """Offer `handler` with JSON Schemas (2020-12) written by hand.

        The handler takes the arguments as a dictionary, and the `CallContext` if it has a second
        parameter. It returns a dictionary (structured content), a `ToolResult`, or whatever a
        function may.

        Raises:
            InvalidTool: A schema is malformed, refers outside itself, or is not of an object.
            NameClash: A tool of that name is there already.
        """
        schemas = (input_schema, output_schema)
        self._offer(SchemaTool(name, handler, description, schemas, presentation, self._threads))

    def remove(self, name: str) -> None:
        """Offer the tool `name` no longer; calls under way finish. `UnknownName` if absent."""
        if name not in self._entries:
            raise UnknownName("tool", name)
        del self._entries[name]
        self._instants.pop(name, None)
        self._publish()

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools in the order in which they were added."""
        del context
        if self._listed is None:
            self._listed = tuple(entry.tool for entry in self._entries.values())
        return self._listed

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run one tool; what it raises by mistake becomes an error result without details.

        Raises:
            UnknownName: There is no such tool.
            InvalidArguments: The listed schema refuses the arguments.
            CallTimeout: The tool took longer than its `timeout_s`, or than `context` allows.
            ToolyardError: Whatever else of the tree the tool says on purpose.
        """
        entry = self._entries.get(call.name)
        if entry is None:
            raise UnknownName("tool", call.name)
        return await attempt(entry, call.arguments, context)

    def instant(self, name: str) -> Instant | None:
        """What runs that tool in one step, if it can be; see `InstantProtocol`."""
        return self._instants.get(name)

    def resource(self, uri: str, **options: Unpack[ResourceOptions]) -> Callable[[F], F]:
        """Offer the decorated function as the document at `uri`; see `Library.resource`."""
        return self.library.resource(uri, **options)

    @overload
    def prompt(self, function: F, /) -> F: ...
    @overload
    def prompt(self, /, **options: Unpack[PromptOptions]) -> Callable[[F], F]: ...
    def prompt(self, function: Any = None, /, **options: Unpack[PromptOptions]) -> Any:
        """Offer the decorated function as a prompt; see `Library.prompt`."""
        offer = self.library.prompt(**options)
        return offer if function is None else offer(function)

    def completion(self, name: str, argument: str) -> Callable[[F], F]:
        """Let the decorated function complete an argument; see `Library.completion`."""
        return self.library.completion(name, argument)

    def remove_resource(self, uri: str) -> None:
        """Offer the document or template `uri` no longer; `UnknownName` if absent."""
        self.library.remove_resource(uri)

    def remove_prompt(self, name: str) -> None:
        """Offer the prompt `name` no longer; `UnknownName` if absent."""
        self.library.remove_prompt(name)

    def changed(self, uri: str) -> None:
        """Say that the document `uri` has new content."""
        self._listeners.tell(Change("resource", uri))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` when tools, documents or prompts change."""
        return self._listeners.subscribe(listener)

    def _offer(self, *entries: Runnable) -> None:
        added: dict[str, Runnable] = {}
        for entry in entries:
            name = entry.tool.name
            if name in self._entries or name in added:
                raise NameClash(f"This toolbox already has a tool named {name!r}.")
            added[name] = entry
        self._entries.update(added)
        for name, entry in added.items():
            if entry.never_waits and entry.timeout_s is None:
                self._instants[name] = partial(attempt_at_once, entry)
        self._publish()

    def _publish(self) -> None:
        self._listed = None
        self._listeners.tell(Change("tools"))


def _is_function(thing: object) -> bool:
    if inspect.isroutine(thing) or isinstance(thing, partial):
        return True
    return callable(thing) and not isinstance(thing, type) and not marked_methods(thing)
