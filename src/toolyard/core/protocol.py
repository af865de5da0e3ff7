"""What provides tools, and the small protocols a source may implement besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self, runtime_checkable

from toolyard.core.content import Content, Metadata, Resource
from toolyard.core.context import CallContext
from toolyard.core.tool import Icon, Tool, ToolCall, ToolResult


@runtime_checkable
class ToolProtocol(Protocol):
    """A source of tools: functions, a built-in, a remote server, a registry of all of them.

    It is entered before it is used and left when it is no longer needed; both by whoever
    made it part of something (a registry, a server, a test).
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None: ...

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools that can be called now, in an order that stays the same."""
        ...

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run one tool.

        Raises:
            UnknownName: The source has no tool of that name.
            InvalidArguments: The tool's `input_schema` refuses the arguments.
            ToolyardError: Whatever else of the tree the tool says on purpose.
        """
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A source offers something else than before, or the document `uri` has new content."""

    kind: Literal["tools", "prompts", "resources", "resource"]
    uri: str | None = None


Listener = Callable[[Change], None]
"""Called in the event loop, at once; it must not raise."""


@runtime_checkable
class ChangeProtocol(Protocol):
    """A source that says when what it offers has changed."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on every change until the returned function is called."""
        ...


Instant = Callable[[Mapping[str, Any]], ToolResult]
"""Runs one tool in one step, from its arguments; raises what `call_tool` would."""


@runtime_checkable
class InstantProtocol(Protocol):
    """A source that knows of tools that they wait for nothing, and look at arguments alone."""

    def instant(self, name: str) -> Instant | None:
        """What runs that tool as it is now; `None` if `call_tool` has to."""
        ...


class Instants:
    """Those of a source, for as long as its `call_tool` is the one that they stand for.

    They do not if a class further down, a decorator or somebody who looks on has put another one
    in its place.
    """

    def __init__(self, source: ToolProtocol) -> None:
        self._call_tool = source.call_tool
        self._source = source if isinstance(source, InstantProtocol) else None
        kind = type(source)
        is_own = issubclass(_giver(kind, "instant"), _giver(kind, "call_tool"))
        if not is_own or _is_replaced(source):
            self._source = None

    def of(self, name: str) -> Instant | None:
        """What runs that tool now, if it is one."""
        source = self._source
        if source is None or source.call_tool != self._call_tool:
            return None
        return source.instant(name)


def _is_replaced(source: ToolProtocol) -> bool:
    own = getattr(source, "__dict__", {})
    return "call_tool" in own or hasattr(source.call_tool, "__wrapped__")


def _giver(kind: type, name: str) -> type:
    """The class that `kind` has its method `name` from; none is `object`."""
    return next((each for each in kind.__mro__ if name in vars(each)), object)


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """A document that can be read, or a family of them when `uri` is an RFC 6570 template."""

    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size: int | None = None
    icons: tuple[Icon, ...] = ()
    annotations: Metadata | None = None
    meta: Metadata | None = None


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """A blank in a prompt; its value is always text."""

    name: str
    description: str | None = None
    required: bool = False
    title: str | None = None


@dataclass(frozen=True, slots=True)
class PromptInfo:
    """A prompt a user can choose."""

    name: str
    description: str | None = None
    arguments: tuple[PromptArgument, ...] = ()
    title: str | None = None
    icons: tuple[Icon, ...] = ()
    meta: Metadata | None = None


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a filled prompt."""

    content: Content
    role: Literal["user", "assistant"] = "user"


@runtime_checkable
class LibraryProtocol(Protocol):
    """Documents and prompts, which a source may offer besides its tools."""

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        """The documents that can be read by their exact URI."""
        ...

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        """The families of documents whose URI has blanks."""
        ...

    async def read_resource(self, uri: str, context: CallContext) -> Sequence[Resource]:
        """The document at `uri`; `UnknownName` if there is none."""
        ...

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        """The prompts that can be filled."""
        ...

    async def get_prompt(
        self, name: str, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        """The prompt `name`, filled; `UnknownName` if there is none."""
        ...

    async def complete(
        self, name: str, argument: str, value: str, context: CallContext
    ) -> Sequence[str]:
        """Up to 100 values for `argument` of a prompt's name or a template's URI."""
        ...


@runtime_checkable
class WatchProtocol(Protocol):
    """A library that tells of documents' new content only while somebody watches them."""

    def watch(self, uri: str) -> Callable[[], None]:
        """Have changes of the document at `uri` told, until the returned function is called.

        They are told by the source that owns the library. Many may watch one document, and each
        may call what it was given more than once. Called in the event loop; it must not raise,
        also where there is no such document.
        """
        ...


@runtime_checkable
class LibraryOwner(Protocol):
    """A source that may have a library."""

    @property
    def library(self) -> LibraryProtocol | None:
        """What it offers besides tools; `None` if nothing ever."""
        ...


def library_of(source: object) -> LibraryProtocol | None:
    """The library of `source`, if it has one."""
    return source.library if isinstance(source, LibraryOwner) else None


@runtime_checkable
class HealthProtocol(Protocol):
    """A source that tells operators how it is: what is in force, and what is amiss."""

    def health(self) -> Mapping[str, Any]:
        """Whatever they should know, as JSON; empty if nothing. Called in the event loop."""
        ...


def health_of(source: object) -> Mapping[str, Any]:
    """How `source` says it is; empty if it says nothing."""
    return source.health() if isinstance(source, HealthProtocol) else {}


class Listeners:
    """Those who want to hear of changes; the way to implement `ChangeProtocol`."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add `listener`; the returned function removes it, once or more often."""
        token = object()
        self._listeners[token] = listener

        def unsubscribe() -> None:
            self._listeners.pop(token, None)

        return unsubscribe

    def tell(self, change: Change) -> None:
        """Call every listener with `change`."""
        for listener in tuple(self._listeners.values()):
            listener(change)
