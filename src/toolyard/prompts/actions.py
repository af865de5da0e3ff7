"""Several things a model wants done, each as an element in its reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from toolyard.core.errors import PromptError
from toolyard.prompts.action import Action
from toolyard.prompts.markup import Element, Markup, decoded, outermost, read_markup
from toolyard.prompts.shape import sentences
from toolyard.prompts.tagged_prompt import TaggedPrompt
from toolyard.prompts.template import Template

MOST_DEPTH = 100
"""Actions inside of each other."""
A = TypeVar("A", bound=Action)


@dataclass(frozen=True, slots=True)
class FoundAction(Generic[A]):
    """An action in a text, and where: `text[start:end]`."""

    action: A
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ActionReading(Generic[A]):
    """What was read of actions in a text."""

    found: Sequence[FoundAction[A]]
    refused: Sequence[str]
    """What looks like an action and is none, a sentence each, with the reason."""

    @property
    def actions(self) -> list[A]:
        """The actions in order of their starts."""
        return [each.action for each in self.found]


@dataclass(slots=True)
class _Frame:
    """An element that is being written anew, or all of the text."""

    element: Element | None
    inner_end: int
    at: int
    """What stands before is in `kept` and `read`."""
    kept: list[str] = field(default_factory=list[str])
    """The text as it is, with what was made of inner actions."""
    read: list[str] = field(default_factory=list[str])
    """The same with its entities read."""

    def advance(self, text: str, end: int) -> None:
        """Take in what stands before `end`."""
        self.kept.append(text[self.at : end])
        self.read.append(decoded(text[self.at : end]))
        self.at = end

    def put(self, written: str, end: int) -> None:
        """Put `written` in the place of what stands before `end`."""
        self.kept.append(written)
        self.read.append(written)
        self.at = end


class Actions(Generic[A]):
    """Finds the actions of some kinds in replies, one inside of another as well.

    ```
    actions = Actions(GetWeather, SendMessage, prompt="{{ actions_doc }} {{ request }}")
    for action in actions.extract(reply):
        ...
    ```
    """

    def __init__(self, *kinds: type[A], prompt: str | Template | None = None) -> None:
        """Take some kinds.

        Args:
            kinds: Their tags differ, in more than the case of letters.
            prompt: A template, or its text, which names `actions_doc`; all other names in it are
                the parameters of `build_prompt`.

        Raises:
            PromptError: Two have the same tag, or the prompt is none.
        """
        self._kinds = {kind.tag_name().lower(): kind for kind in kinds}
        if len(self._kinds) < len(kinds):
            raise PromptError("Two of the actions have the same tag.")
        self.documentation = "\n".join(kind.documentation() for kind in kinds)
        """How each is written, what it does, and its fields."""
        self._prompt: TaggedPrompt | None = None
        if prompt is not None:
            given = {"actions_doc": self.documentation}
            self._prompt = TaggedPrompt(
                prompt, "the actions", given, needed="actions_doc", tags=self._kinds
            )

    def build_prompt(self, **values: Any) -> str:
        """The prompt with `values` put in; no text among them can open or close one of its tags.

        Raises:
            PromptError: A value is missing, the prompt does not name it, or there is no prompt.
        """
        if self._prompt is None:
            raise PromptError("The actions have no prompt: give them one when they are made.")
        return self._prompt.fill(values)

    def extract(self, text: str) -> list[A]:
        """The actions in `text`, in order of their starts; what is not right is passed over."""
        return self.read(text).actions

    def read(self, text: str) -> ActionReading[A]:
        """The actions in `text` with their places, and what is not right."""
        markup = self._markup(text)
        found: list[FoundAction[A]] = []
        refused = [
            f"<{tag.name}> at letter {tag.start + 1} has no end."
            for tag in markup.loose
            if not tag.is_closing
        ]
        nested = list(_nested(markup.elements))
        if len(nested) < len(markup.elements):
            refused.append("Some elements cross others, or are nested too deeply.")
        for element in nested:
            inner = decoded(text[element.inner_start : element.inner_end])
            try:
                action = self._action(element, inner)
            except ValidationError as error:
                reason = " ".join(sentences(error, element.attributes))
                refused.append(f"<{element.name}> at letter {element.start + 1}: {reason}")
            else:
                found.append(FoundAction(action, element.start, element.end))
        return ActionReading(found, refused)

    def transform(self, text: str, write: Callable[[A], str]) -> str:
        """`text` with each action replaced by what `write` makes of it.

        Those inside of another come first, and it gets their replacements in its inner text.
        What is no action after all stays as it is.
        """
        frames = [_Frame(None, len(text), 0)]
        for element in _nested(self._markup(text).elements):
            while element.start >= frames[-1].inner_end:
                self._close(text, frames, write)
            frames[-1].advance(text, element.start)
            frames.append(_Frame(element, element.inner_end, element.inner_start))
        while len(frames) > 1:
            self._close(text, frames, write)
        frames[0].advance(text, len(text))
        return "".join(frames[0].kept)

    def strip(self, text: str) -> str:
        """`text` without the actions, right or not, and without what is left of their tags."""
        markup = self._markup(text)
        spans = [(each.start, each.end) for each in [*outermost(markup.elements), *markup.loose]]
        spans += [(each.inner_end, each.end) for each in markup.elements]  # those that cross
        kept: list[str] = []
        at = 0
        for start, end in sorted(spans):
            kept.append(text[at:start])
            at = max(at, end)
        return "".join([*kept, text[at:]])

    def _markup(self, text: str) -> Markup:
        return read_markup(text, [kind.tag_name() for kind in self._kinds.values()])

    def _action(self, element: Element, inner: str) -> A:
        kind = self._kinds[element.name.lower()]
        given = {name.lower(): value for name, value in element.attributes.items()}
        values = {name: given[name.lower()] for name in kind.model_fields if name.lower() in given}
        name = kind.inner_field()
        return kind.model_validate_strings({**values, **({name: inner} if name else {})})

    def _close(self, text: str, frames: list[_Frame], write: Callable[[A], str]) -> None:
        frame = frames.pop()
        element = cast("Element", frame.element)
        frame.advance(text, frame.inner_end)
        try:
            action = self._action(element, "".join(frame.read))
        except ValidationError:
            opening = text[element.start : element.inner_start]
            closing = text[element.inner_end : element.end]
            written = "".join([opening, *frame.kept, closing])
        else:
            written = write(action)
        frames[-1].put(written, element.end)


def _nested(elements: Sequence[Element]) -> Iterator[Element]:
    """Those that cross no earlier one, to a certain depth."""
    around: list[Element] = []
    for element in elements:
        while around and around[-1].end <= element.start:
            around.pop()
        if around and element.end > around[-1].inner_end:
            continue
        if len(around) < MOST_DEPTH:
            around.append(element)
            yield element
