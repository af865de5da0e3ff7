"""Documents and prompts that are written as Python functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from toolyard.core.content import Resource
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidTool, NameClash, UnknownName
from toolyard.core.invocation import awaitable
from toolyard.core.offer import PromptOptions, ResourceOptions
from toolyard.core.protocol import Change, Listeners, PromptInfo, PromptMessage, ResourceInfo
from toolyard.core.threads import Threads

if TYPE_CHECKING:
    from toolyard.core.document import Document
    from toolyard.core.prompt import Prompt

MOST_COMPLETIONS = 100

F = TypeVar("F", bound=Callable[..., Any])
_Completion = Callable[[str], Awaitable[Sequence[str]]]


class Library:
    """The documents and prompts of a toolbox; it tells `listeners` what changes.

    What a function raises passes: there is no such thing as a document that is an error.
    """

    def __init__(self, threads: Threads, listeners: Listeners) -> None:
        self._threads = threads
        self._listeners = listeners
        self._documents: dict[str, Document] = {}
        self._prompts: dict[str, Prompt] = {}
        self._completions: dict[tuple[str, str], _Completion] = {}
        self._listed: tuple[ResourceInfo, ...] = ()
        self._listed_templates: tuple[ResourceInfo, ...] = ()
        self._listed_prompts: tuple[PromptInfo, ...] = ()

    def resource(self, uri: str, **options: Unpack[ResourceOptions]) -> Callable[[F], F]:
        """Offer the decorated function as the document at `uri`.

        A URI with blanks, `notes://{day}`, is a family of documents; the function's parameters
        are the blanks. It returns text, bytes, a `Resource`, or a list of them.

        Raises:
            InvalidTool: It cannot be offered as it is written; the text says what to change.
            NameClash: A document of that URI is there already.
        """
        from toolyard.core.document import Document  # few toolboxes have one, and it loads much

        def offer(function: F) -> F:
            if uri in self._documents:
                raise NameClash(f"This toolbox already has a document at {uri!r}.")
            self._documents[uri] = Document(uri, function, options, self._threads)
            self._publish_documents()
            return function

        return offer

    def prompt(self, **options: Unpack[PromptOptions]) -> Callable[[F], F]:
        """Offer the decorated function as a prompt; its parameters take text.

        It returns text, content blocks, `PromptMessage`s, or a list of them.

        Raises:
            InvalidTool: It cannot be offered as it is written; the text says what to change.
            NameClash: A prompt of that name is there already.
        """
        from toolyard.core.prompt import Prompt  # as for documents

        def offer(function: F) -> F:
            prompt = Prompt(function, options, self._threads)
            if prompt.info.name in self._prompts:
                raise NameClash(f"This toolbox already has a prompt named {prompt.info.name!r}.")
            self._prompts[prompt.info.name] = prompt
            self._publish_prompts()
            return function

        return offer

    def completion(self, name: str, argument: str) -> Callable[[F], F]:
        """Let the decorated function suggest values for an argument.

        It takes what was typed so far and returns the values that fit.

        Args:
            name: A prompt's name or a template's URI, offered before.
            argument: An argument of that prompt, or a blank of that URI.

        Raises:
            InvalidTool: There is no such prompt or template, or it has no such argument.
        """
        if argument not in self._arguments(name):
            raise InvalidTool(
                f"There is no prompt or document template {name!r} with an argument "
                f"{argument!r}: offer it before its completion."
            )

        def offer(function: F) -> F:
            self._completions[name, argument] = awaitable(function, self._threads)
            return function

        return offer

    def remove_resource(self, uri: str) -> None:
        """Offer the document or template `uri` no longer; `UnknownName` if absent."""
        if uri not in self._documents:
            raise UnknownName("resource", uri)
        del self._documents[uri]
        self._forget_completions(uri)
        self._publish_documents()

    def remove_prompt(self, name: str) -> None:
        """Offer the prompt `name` no longer; `UnknownName` if absent."""
        if name not in self._prompts:
            raise UnknownName("prompt", name)
        del self._prompts[name]
        self._forget_completions(name)
        self._publish_prompts()

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        """The documents with a fixed URI, in the order in which they were added."""
        del context
        return self._listed

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        """The families of documents, in the order in which they were added."""
        del context
        return self._listed_templates

    async def read_resource(self, uri: str, context: CallContext) -> Sequence[Resource]:
        """The document at `uri`, a fixed one before families; `UnknownName` if there is none."""
        exact = self._documents.get(uri)
        for document in (exact,) if exact else tuple(self._documents.values()):
            blanks = document.match(uri)
            if blanks is not None:
                return await document.read(uri, blanks, context)
        raise UnknownName("resource", uri)

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        """The prompts in the order in which they were added."""
        del context
        return self._listed_prompts

    async def get_prompt(
        self, name: str, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        """The prompt `name`, filled; `UnknownName` if there is none."""
        prompt = self._prompts.get(name)
        if prompt is None:
            raise UnknownName("prompt", name)
        return await prompt.fill(arguments, context)

    async def complete(
        self, name: str, argument: str, value: str, context: CallContext
    ) -> Sequence[str]:
        """Up to 100 values; none where nobody registered any. `UnknownName` without `name`."""
        del context
        if name not in self._prompts and not self._is_template(name):
            raise UnknownName("prompt or resource template", name)
        completion = self._completions.get((name, argument))
        return (await completion(value))[:MOST_COMPLETIONS] if completion else []

    def _is_template(self, uri: str) -> bool:
        return uri in self._documents and self._documents[uri].is_template

    def _arguments(self, name: str) -> Sequence[str]:
        if name in self._prompts:
            return [each.name for each in self._prompts[name].info.arguments]
        return self._documents[name].blanks if name in self._documents else ()

    def _forget_completions(self, name: str) -> None:
        kept = {key: each for key, each in self._completions.items() if key[0] != name}
        self._completions = kept

    def _publish_documents(self) -> None:
        documents = self._documents.values()
        self._listed = tuple(each.info for each in documents if not each.is_template)
        self._listed_templates = tuple(each.info for each in documents if each.is_template)
        self._listeners.tell(Change("resources"))

    def _publish_prompts(self) -> None:
        self._listed_prompts = tuple(each.info for each in self._prompts.values())
        self._listeners.tell(Change("prompts"))
