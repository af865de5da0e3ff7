"""A prompt whose values cannot pass for its tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from toolyard.core.errors import PromptError
from toolyard.prompts.markup import untagged
from toolyard.prompts.template import Template, Verbatim

_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_TAGS = re.compile(rf"</?({_TAG.pattern})")


class TaggedPrompt:
    """A template with some values given, which asks for a reply in tags."""

    def __init__(
        self,
        source: str | Template,
        name: str,
        given: Mapping[str, str],
        *,
        needed: str,
        tags: Iterable[str],
    ) -> None:
        """Check the template.

        Args:
            source: The template, or its text.
            name: Whose prompt it is.
            given: The values that it has already.
            needed: The one of them that it must name.
            tags: Those of the reply, beside those that stand in the template.

        Raises:
            PromptError: It is no template, or does not name what is needed.
        """
        if isinstance(source, str):
            source = Template(source, name=f"the prompt of {name}")
        if needed not in source.variables:
            raise PromptError(f"The prompt of {name} must name {needed}: {{{{ {needed} }}}}.")
        self._template = source
        self._name = name
        self._given = given
        self._tags = dict.fromkeys([*tags, *_TAGS.findall(source.source)])

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with `values`.

        Raises:
            PromptError: One is missing, or not named in it.
        """
        wanted = self._template.variables - set(self._given)
        if wanted != frozenset(values):
            listed = ", ".join(sorted(wanted)) or "nothing"
            given = ", ".join(sorted(values)) or "nothing"
            raise PromptError(f"The prompt of {self._name} needs {listed}; it was given {given}.")
        ours = {name: Verbatim(text) for name, text in self._given.items()}
        return self._template.render_guarded(
            {**values, **ours}, lambda text: untagged(text, self._tags)
        )


def checked_tag(tag: str) -> str:
    """`tag`, which is a name that a tag can have.

    Raises:
        PromptError: It is none.
    """
    if not _TAG.fullmatch(tag):
        raise PromptError(f"{tag!r} is no name of a tag: use letters, digits, '_', '-' and '.'.")
    return tag
