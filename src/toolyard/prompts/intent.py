"""What a user wants, as one member of an enumeration that a model names in a tag."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar, cast

from toolyard.core.errors import ExtractionError
from toolyard.prompts.markup import decoded, untagged
from toolyard.prompts.places import Tagged
from toolyard.prompts.prompt_enum import PromptEnum
from toolyard.prompts.tagged_prompt import TaggedPrompt, checked_tag
from toolyard.prompts.template import Template

E = TypeVar("E", bound=Enum)
I = TypeVar("I", bound="IntentEnum")  # noqa: E741


class IntentFrame(Generic[E]):
    """Wraps what a user says in one tag, and reads a member of an enumeration from another.

    ```
    frame = IntentFrame("user_query", "intent", UserIntent)
    reply = ask(f"Name in <intent> what is wanted: {frame.wrap(text)}")
    intent = frame.parse(reply)
    ```
    """

    def __init__(
        self, input_tag: str, reply_tag: str, intents: type[E], *, strict: bool = False
    ) -> None:
        """Frame `intents`.

        Args:
            input_tag: Around what the user says.
            reply_tag: Around what the model answers.
            intents: An enumeration; its members are known by their values and by their names.
            strict: Take only their values, letter by letter, instead of passing over the case of
                letters, spaces, hyphens, underscores, and what follows on a colon.

        Raises:
            PromptError: A name is no name of a tag.
        """
        self._tags = (checked_tag(input_tag), checked_tag(reply_tag))
        self._intents = intents
        self._is_strict = strict

    def wrap(self, text: str) -> str:
        """`text` between the tags; those of this frame in it become text, whatever their form."""
        tag = self._tags[0]
        return f"<{tag}>{untagged(text, self._tags)}</{tag}>"

    def parse(self, reply: str) -> E:
        """The first member that stands in a reply tag.

        Raises:
            ExtractionError: There is no such tag, or no member in it.
        """
        place = Tagged(self._tags[1])
        tried: list[str] = []
        for part in place.find(reply):
            found = self._member(decoded(part).strip())
            if found is not None:
                return found
            tried.append(f"{place}: {part[:80]!r} is none of {', '.join(self._values())}.")
        wanted = self._intents.__name__
        raise ExtractionError(wanted, tried or [f"{place}: is not there."], reply)

    def _values(self) -> list[str]:
        return [str(member.value) for member in self._intents]

    def _member(self, written: str) -> E | None:
        for member in self._intents:
            if str(member.value) == written:
                return member
        if self._is_strict:
            return None
        for name in (written, written.partition(":")[0]):
            alike = [each for each in self._intents if _plain(name) in _names(each)]
            if len(alike) == 1:
                return alike[0]
        return None


def _names(member: Enum) -> set[str]:
    return {_plain(str(member.value)), _plain(member.name)}


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.'\"`*]+", "", name).casefold()


class IntentEnum(PromptEnum):
    """A `PromptEnum` that builds the prompt that asks for it, and reads the reply.

    ```
    class UserIntent(IntentEnum, prompt="{{ intents_doc }} In <{{ tag }}>: {{ query }}"):
        GetWeather = "GetWeather", "The user wants to know the weather."


    text = UserIntent.build_prompt(query="Will it rain?")
    intent = UserIntent.parse(reply)
    ```

    In the prompt stand `intents_doc`, which lists the members, and, if it likes, `tag`; all other
    names are the parameters of `build_prompt`.
    """

    _prompt: ClassVar[TaggedPrompt]
    _frame: ClassVar[IntentFrame[Any]]

    def __init_subclass__(
        cls, *, prompt: str | Template, tag: str = "intent", strict: bool = False
    ) -> None:
        """Check the prompt.

        Args:
            prompt: The template, or its text.
            tag: Around what the model answers.
            strict: As of `IntentFrame`.

        Raises:
            PromptError: The prompt is no template, or does not name `intents_doc`.
        """
        super().__init_subclass__()
        given = {"intents_doc": "\n".join(cls.shown_lines()), "tag": tag}
        cls._prompt = TaggedPrompt(prompt, cls.__name__, given, needed="intents_doc", tags=[tag])
        cls._frame = IntentFrame(tag, tag, cls, strict=strict)

    @classmethod
    def build_prompt(cls, **values: Any) -> str:
        """The prompt with `values` put in; no text among them can open or close one of its tags.

        Raises:
            PromptError: A value is missing, or the prompt does not name it.
        """
        return cls._prompt.fill(values)

    @classmethod
    def parse(cls: type[I], reply: str) -> I:
        """The member that the model answered.

        Raises:
            ExtractionError: There is no tag, or no member in it.
        """
        return cast("I", cls._frame.parse(reply))
