"""A document becomes tools: each with its schema, and with how it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolyard.clients.openapi.answers import OUTPUT_SCHEMA
from toolyard.clients.openapi.arguments import arguments_of
from toolyard.clients.openapi.asking import Request, blanks_in
from toolyard.clients.openapi.bodies import body_of
from toolyard.clients.openapi.choosing import Choice
from toolyard.clients.openapi.credentials import SchemeCredentials, Secret
from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.nodes import text_in
from toolyard.clients.openapi.operations import (
    READING,
    Operation,
    operations_of,
    schemes_of,
    security_of,
    title_of,
)
from toolyard.clients.openapi.parameters import Parameter, parameters_of
from toolyard.clients.openapi.schemas import Schemas, short
from toolyard.clients.openapi.servers import Base, base_of, base_within
from toolyard.core.errors import ConfigError, InvalidTool
from toolyard.core.portable import Schema
from toolyard.core.schema_tool import SchemaTool
from toolyard.core.threads import Threads
from toolyard.core.tool import Tool, ToolAnnotations, ToolResult

MOST_TOOLS = 10_000
MAX_CHARS = 33_554_432
"""Of the schemas of all tools together."""
MAX_TITLE = 120
MAX_DESCRIPTION = 2_000
_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))

Asked = Callable[[Mapping[str, Any]], Awaitable[ToolResult]]
_NO_THREADS = Threads(1)
"""What asks is async, so none is ever used."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator says about a service."""

    choice: Choice
    server: str | None = field(repr=False)
    secrets: Mapping[str, Secret] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """Sent with every call, names in lower case."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a document came to."""

    base: Base
    tools: Mapping[str, Tool]
    requests: Mapping[str, Request]
    hidden: Sequence[str] = field(repr=False)
    left_out: Mapping[str, str]
    """Why an operation is no tool, by its method and path."""
    idle_rules: Sequence[str]
    """Rules that choose nothing."""
    missing: Sequence[str]
    """Security schemes that operations ask for and nobody has a credential for."""


def offer_of(document: Document, wanted: Wanted, *, document_url: str | None) -> Offer:
    """The tools for the operations of `document` that are wanted.

    Raises:
        ConfigError: The document cannot be used, or nothing of it.
    """
    try:
        base = base_of(document.root, document.what, given=wanted.server, document_url=document_url)
        credentials = SchemeCredentials(schemes_of(document), wanted.secrets)
        operations, left_out = operations_of(document)
    except InvalidTool as error:
        raise ConfigError(f"The document {document.what} cannot be used: {error}") from None
    _refuse_open_secrets(base, wanted, document)
    chosen = wanted.choice.of(operations)
    if len(chosen) > MOST_TOOLS:
        raise ConfigError(
            f"The document {document.what} has {len(chosen)} operations; choose at most "
            f"{MOST_TOOLS} with include."
        )
    making = _Making(document, wanted, base, credentials, document_url)
    left_out |= making.add(chosen)
    _refuse_nothing(document, making.tools, left_out)
    idle = wanted.choice.idle(operations)
    return Offer(
        base,
        making.tools,
        making.requests,
        credentials.hidden,
        left_out,
        idle,
        sorted(making.missing),
    )


def _refuse_open_secrets(base: Base, wanted: Wanted, document: Document) -> None:
    if wanted.secrets and base.target.scheme == "http" and not base.is_operators:
        raise ConfigError(
            f"The document {document.what} would have credentials sent without encryption: if "
            "that is meant, give the URL of the service as server."
        )


def _refuse_nothing(
    document: Document, tools: Mapping[str, Tool], left_out: Mapping[str, str]
) -> None:
    if tools:
        return
    reason = next((f" {place}: {why}" for place, why in left_out.items()), "")
    raise ConfigError(f"No operation of the document {document.what} is offered.{reason}")


class _Making:
    def __init__(
        self,
        document: Document,
        wanted: Wanted,
        base: Base,
        credentials: SchemeCredentials,
        document_url: str | None,
    ) -> None:
        self._document = document
        self._schemas = Schemas(document)
        self._wanted = wanted
        self._base = base
        self._document_url = document_url
        self._credentials = credentials
        self._definitions: Schema = {}
        self._reserved = credentials.reserved | {("header", name) for name in wanted.headers}
        self._chars = 0
        self.tools: dict[str, Tool] = {}
        self.requests: dict[str, Request] = {}
        self.missing: set[str] = set()

    def add(self, operations: Sequence[Operation]) -> dict[str, str]:
        """Make tools of `operations`; why some are none, by their place."""
        left_out: dict[str, str] = {}
        for operation in operations:
            try:
                request = self._request(operation)
                self._count(request.arguments.chars)
                self._keep(_tool(operation, request), request)
            except InvalidTool as error:
                left_out[operation.place[:200]] = str(error)[:500]
        return left_out

    def _count(self, chars: int) -> None:
        self._chars += chars
        if self._chars > MAX_CHARS:
            raise ConfigError(
                f"The tools of the document {self._document.what} cannot be described in "
                f"{MAX_CHARS} characters; choose fewer operations with include."
            )

    def _request(self, operation: Operation) -> Request:
        base = base_within(self._base, (operation.node, operation.around), self._document_url)
        proof, missing = self._credentials.for_any(security_of(self._document, operation))
        self.missing.update(missing)
        parameters = self._parameters(operation)
        body = body_of(self._document, self._schemas, operation.node)
        return Request(
            method=operation.method,
            path=operation.path,
            base=base,
            arguments=arguments_of(parameters, body, self._schemas),
            body=body,
            proof=proof,
            headers=self._wanted.headers,
        )

    def _parameters(self, operation: Operation) -> list[Parameter]:
        blanks = blanks_in(operation.path)
        nodes = (operation.around, operation.node)
        declared = parameters_of(self._document, nodes, self._reserved)
        known = {each.name for each in declared if each.place == "path"}
        undeclared = [
            Parameter(name, "path", "simple", False, True, {"type": "string"}, "")
            for name in dict.fromkeys(blanks)
            if name not in known
        ]
        used = [each for each in declared if each.place != "path" or each.name in blanks]
        return [*undeclared, *used]

    def _keep(self, tool: Tool, request: Request) -> None:
        """Let tools share equal definitions, which would else be there thousands of times."""
        shared: Any = tool.input_schema.get("$defs", {})
        for name, own in shared.items():
            known = self._definitions.setdefault(name, own)
            if known == own:
                shared[name] = known
        arguments = replace(request.arguments, schema=tool.input_schema)
        self.tools[tool.name] = tool
        self.requests[tool.name] = replace(request, arguments=arguments)


def runnable(tool: Tool, asked: Asked) -> SchemaTool:
    """What checks a call of `tool` and makes it; a validator is too large to keep unused."""
    annotations = tool.annotations or ToolAnnotations()
    return SchemaTool(
        tool.name,
        asked,
        tool.description,
        (tool.input_schema, OUTPUT_SCHEMA),
        {
            "title": tool.title,
            "read_only": annotations.read_only,
            "destructive": annotations.destructive,
            "idempotent": annotations.idempotent,
            "open_world": annotations.open_world,
        },
        _NO_THREADS,
    )


def _tool(operation: Operation, request: Request) -> Tool:
    """The tool as it is listed; `InvalidTool` if nobody could call it."""
    is_reading = operation.method in READING
    written = Tool(
        operation.name,
        _description(operation),
        request.arguments.schema,
        title=short(title_of(operation.node), MAX_TITLE) or None,
        annotations=ToolAnnotations(
            read_only=is_reading,
            destructive=not is_reading,
            idempotent=operation.method in _IDEMPOTENT,
            open_world=True,
        ),
    )
    return replace(runnable(written, _never).tool, output_schema=OUTPUT_SCHEMA)


async def _never(arguments: Mapping[str, Any]) -> ToolResult:
    raise AssertionError(arguments)


def _description(operation: Operation) -> str:
    node = operation.node
    said = [title_of(node), text_in(node, "description")]
    told = "\n\n".join(dict.fromkeys(part for each in said if (part := each.strip())))
    note = "Deprecated. " if node.get("deprecated") is True else ""
    return short(note + (told or f"{operation.method} {operation.path}"), MAX_DESCRIPTION)
