"""Models that show themselves to a language model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from typing_extensions import Unpack

from toolyard.core.content import Image, Text
from toolyard.core.errors import PromptError
from toolyard.prompts.examples import example_text
from toolyard.prompts.json_schema import holds_image
from toolyard.prompts.parts import Part, Promptable, joined, line, prompt_parts, text_of
from toolyard.prompts.prompt_field import mark_for, marks_of
from toolyard.prompts.schema_text import schema_text
from toolyard.prompts.template import Template

_Target = str | type


class PromptModel(BaseModel):
    """A pydantic model with a text for models, in one form or in several.

    ```
    class Task(PromptModel, targets={"card": "## {{ title }}", Worker: "Do it, {{ target.name }}"}):
        title: str
        number: Annotated[int, PromptField(rename="id", target="log")]
    ```

    Without a template the text has a line `name: value` for each field, with the field's
    description as its name if it has one; a docstring under the field is its description. In a
    template stand the fields, `self` with all of it, and for a target that is an object `target`.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)
    _templates: ClassVar[Mapping[_Target | None, Template]] = {}

    def __init_subclass__(
        cls,
        *,
        template: str | None = None,
        template_file: str | Path | None = None,
        targets: Mapping[_Target, str] | None = None,
        **config: Unpack[ConfigDict],
    ) -> None:
        """Keep the text forms; `__pydantic_init_subclass__` checks them.

        Args:
            template: The text, where no target is named.
            template_file: The same in a file, whose path counts from that of the class.
            targets: The texts by the name of the target, or by the type of object it is for.
            config: As of every pydantic model.
        """

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        template: str | None = None,
        template_file: str | Path | None = None,
        targets: Mapping[_Target, str] | None = None,
        **config: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**config)
        if template is not None and template_file is not None:
            raise PromptError(f"{cls.__name__} has a template and a template_file: give it one.")
        names = {*cls.model_fields, *cls.model_computed_fields, "self"}
        templates = dict(cls._templates)
        name = f"the template of {cls.__name__}"
        if template is not None:
            templates[None] = Template(template, variables=names, name=name)
        if template_file is not None:
            templates[None] = Template.from_file(_beside(cls, template_file), variables=names)
        for target, source in (targets or {}).items():
            known = names if isinstance(target, str) else {*names, "target"}
            own_name = f"{name} for {_name(target)}"
            templates[target] = Template(source, variables=known, name=own_name)
        cls._templates = templates

    def to_prompt(self, target: object = None) -> str:
        """The text; pictures are left out.

        Args:
            target: The name of a target, or the object that the text is for.

        Raises:
            PromptError: There is no such target, or the template fails.
        """
        groups, between = self._groups(target)
        texts = [[part for part in parts if isinstance(part, Text)] for parts in groups]
        return text_of(joined(texts, between=between))

    def prompt_parts(self, target: object = None) -> list[Part]:
        """The text and the pictures, in the order in which the fields or the template name them.

        Pictures that a template does not name come behind its text.

        Raises:
            PromptError: As `to_prompt` does.
        """
        groups, between = self._groups(target)
        return joined(groups, between=between)

    @classmethod
    def prompt_schema(cls) -> str:
        """How JSON of this model looks; as `schema_text` of it."""
        return schema_text(cls)

    @classmethod
    def prompt_example(cls) -> str:
        """An example of such JSON; as `example_text` of it."""
        return example_text(cls)

    @classmethod
    def _names(cls) -> list[str]:
        return [*cls.model_fields, *cls.model_computed_fields]

    @classmethod
    def _targets(cls) -> list[_Target]:
        marked = (mark.target for field in cls.model_fields.values() for mark in marks_of(field))
        return [each for each in dict.fromkeys([*cls._templates, *marked]) if each is not None]

    def _key(self, target: object) -> _Target | None:
        """The target that `target` names, or is an object of."""
        if target is None:
            return None
        known = self._targets()
        for key in (target,) if isinstance(target, str) else type(target).__mro__:
            if key in known:
                return key
        name = target if isinstance(target, str) else type(target)
        listed = ", ".join(map(_name, known)) or "none"
        raise PromptError(
            f"{type(self).__name__} has no target {_name(name)}; its targets are {listed}."
        )

    def _groups(self, target: object) -> tuple[list[list[Part]], str]:
        """What is shown, and what stands between one text and the next."""
        key = self._key(target)
        template = self._templates.get(key)
        if template is None:
            return list(self._lines(key)), "\n"
        values = {name: getattr(self, name) for name in self._names()}
        unnamed = [
            _pictures(values[name])
            for name, field in type(self).model_fields.items()
            if holds_image(field.annotation) and name not in template.variables
        ]
        return [template.parts(**values, self=self, target=target), *unnamed], ""

    def _lines(self, target: _Target | None) -> Iterator[list[Part]]:
        """The line of each field that is shown, or its pictures."""
        for name, field in type(self).model_fields.items():
            mark = mark_for(field, target)
            if mark is None:
                continue
            value = getattr(self, name)
            if mark.format is not None:
                yield [Text(line(_label(name, field, mark.rename), mark.format(value)))]
            elif holds_image(field.annotation) and (_pictures(value) or not value):
                yield _pictures(value)
            else:
                yield [Text(line(_label(name, field, mark.rename), value)), *_pictures(value)]


def _pictures(value: Any) -> list[Part]:
    """The pictures in a field's value, which may be a model, a list or the like that holds some."""
    if isinstance(value, Mapping):
        value = list(cast("Mapping[Any, Any]", value).values())
    if isinstance(value, list | tuple):
        return [part for each in cast("Sequence[Any]", value) for part in _pictures(each)]
    parts = prompt_parts(value) if isinstance(value, Image | Promptable) else []
    return [part for part in parts if isinstance(part, Image)]


def _label(name: str, field: FieldInfo, rename: str | None) -> str:
    return rename or " ".join((field.description or "").split()) or name


def _name(target: _Target) -> str:
    return repr(target) if isinstance(target, str) else target.__name__


def _beside(cls: type, path: str | Path) -> Path:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(file).parent / path if file else Path(path)
