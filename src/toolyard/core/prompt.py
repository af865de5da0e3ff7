"""A function that fills a prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, cast

from pydantic import ValidationError

from toolyard.core.arguments import is_required, listed_descriptions, messages, text_adapter
from toolyard.core.blocks import BLOCKS
from toolyard.core.content import Text
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidArguments
from toolyard.core.explanation import MOST_PROBLEMS
from toolyard.core.invocation import Invocation
from toolyard.core.offer import PromptOptions, check_name, check_options
from toolyard.core.protocol import PromptArgument, PromptInfo, PromptMessage
from toolyard.core.signature import Signature, name_of
from toolyard.core.text_safety import refuse_hidden_within
from toolyard.core.threads import Threads
from toolyard.core.wording import place


class Prompt:
    """What is listed, and how it is filled."""

    def __init__(
        self, function: Callable[..., Any], options: PromptOptions, threads: Threads
    ) -> None:
        check_options(options, PromptOptions, "A prompt")
        name = options.get("name") or name_of(function)
        check_name(name, "prompt")
        what = f"the function of the prompt {name!r}"
        self._invocation = Invocation(function, threads, what)
        signature = self._invocation.signature
        self._adapter = text_adapter(signature.parameters, what)
        self.info = PromptInfo(
            name=name,
            description=options.get("description") or signature.documentation.text or None,
            arguments=_arguments(signature, what),
            title=options.get("title"),
            icons=tuple(options.get("icons", ())),
            meta=options.get("meta"),
        )
        refuse_hidden_within(asdict(self.info), f"prompt {name!r}")

    async def fill(
        self, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        """The prompt's messages.

        Raises:
            InvalidArguments: A required one is missing, one is unknown or not what it should be.
        """
        problems = [*self._missing(arguments), *self._unknown(arguments)]
        if problems:
            raise InvalidArguments(self.info.name, problems)
        try:
            values = self._adapter.validate_strings(dict(arguments))
        except ValidationError as error:
            raise InvalidArguments(self.info.name, messages(error, arguments)) from None
        value = await self._invocation.run(values, context)
        several = cast("Sequence[Any]", value) if isinstance(value, list | tuple) else (value,)
        return tuple(self._message(each) for each in several)

    def _missing(self, arguments: Mapping[str, str]) -> Sequence[str]:
        needed = (each.name for each in self.info.arguments if each.required)
        return [f"{name}: is missing; expected text." for name in needed if name not in arguments]

    def _unknown(self, arguments: Mapping[str, str]) -> Sequence[str]:
        known = dict.fromkeys(each.name for each in self.info.arguments)
        listed = f"the arguments are {', '.join(known)}" if known else "there are no arguments"
        unknown = (name for name in arguments if name not in known)
        return [
            f"{place([name])}: is not an argument; {listed}."
            for name in islice(unknown, MOST_PROBLEMS)
        ]

    def _message(self, value: Any) -> PromptMessage:
        if isinstance(value, PromptMessage):
            return value
        if isinstance(value, str):
            return PromptMessage(Text(value))
        if isinstance(value, BLOCKS):
            return PromptMessage(value)
        raise TypeError(
            f"The prompt {self.info.name!r} gave a {type(value).__name__}: return text, content "
            "blocks or messages."
        )


def _arguments(signature: Signature, what: str) -> tuple[PromptArgument, ...]:
    described = listed_descriptions(signature, what)
    parameters = zip(described.items(), signature.parameters, strict=True)
    return tuple(
        PromptArgument(name, description or None, required=is_required(each))
        for (name, description), each in parameters
    )
