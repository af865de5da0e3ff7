"""A function that gives a document, or a family of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from pydantic import ValidationError

from toolyard.core.arguments import text_adapter
from toolyard.core.content import Resource
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidTool, UnknownName
from toolyard.core.invocation import Invocation
from toolyard.core.offer import ResourceOptions, check_options
from toolyard.core.protocol import ResourceInfo
from toolyard.core.signature import UNSAID, Signature
from toolyard.core.text_safety import refuse_hidden_within
from toolyard.core.threads import Threads
from toolyard.core.uri_template import UriTemplate


class Document:
    """What is listed, which URIs it answers to, and how it is read."""

    def __init__(
        self, uri: str, function: Callable[..., Any], options: ResourceOptions, threads: Threads
    ) -> None:
        check_options(options, ResourceOptions, "A document")
        what = f"the function of the document {uri[:200]!r}"
        self._template = UriTemplate(uri)
        self._invocation = Invocation(function, threads, what)
        signature = self._invocation.signature
        _refuse_other_parameters(signature, self._template.blanks, what)
        self._adapter = text_adapter(signature.parameters, what)
        self.blanks = self._template.blanks
        self.is_template = bool(self.blanks)
        self.info = ResourceInfo(
            uri=uri,
            name=options.get("name") or signature.name or uri,
            title=options.get("title"),
            description=options.get("description") or signature.documentation.text or None,
            mime_type=options.get("mime_type"),
            icons=tuple(options.get("icons", ())),
            annotations=options.get("annotations"),
            meta=options.get("meta"),
        )
        refuse_hidden_within(asdict(self.info), f"document {uri[:200]!r}")

    def match(self, uri: str) -> Mapping[str, str] | None:
        """What `uri` puts into the blanks; `None` if this is not its document."""
        return self._template.match(uri)

    async def read(
        self, uri: str, blanks: Mapping[str, str], context: CallContext
    ) -> Sequence[Resource]:
        """The document; `UnknownName` if a blank is not what the function takes."""
        try:
            values = self._adapter.validate_strings(dict(blanks))
        except ValidationError:
            raise UnknownName("resource", uri) from None
        value = await self._invocation.run(values, context)
        several = cast("Sequence[Any]", value) if isinstance(value, list | tuple) else (value,)
        return tuple(self._resource(uri, each) for each in several)

    def _resource(self, uri: str, value: Any) -> Resource:
        match value:
            case Resource():
                return value
            case str():
                return Resource(uri, text=value, mime_type=self.info.mime_type or "text/plain")
            case bytes():
                kind = self.info.mime_type or "application/octet-stream"
                return Resource(uri, blob=value, mime_type=kind)
            case _:
                raise TypeError(
                    f"The document {self.info.uri!r} gave a {type(value).__name__}: return text, "
                    "bytes or a Resource."
                )


def _refuse_other_parameters(signature: Signature, blanks: Sequence[str], what: str) -> None:
    named = {each.name for each in signature.parameters}
    needed = {each.name for each in signature.parameters if each.default is UNSAID}
    if not needed <= set(blanks) <= named:
        raise InvalidTool(
            f"The parameters of {what} and the blanks in its URI must have the same names."
        )
