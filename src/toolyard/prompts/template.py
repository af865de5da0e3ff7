"""Jinja templates for prompts: in a sandbox, strict, and checked when they are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from toolyard.core.content import Image, Text
from toolyard.core.errors import PromptError
from toolyard.prompts.parts import Part, joined, prompt_parts, text_of
from toolyard.prompts.views import view

_SELF = "self_"
"""Stands for `self`, which Jinja keeps for its blocks."""
_PICTURES = "pictures of this rendering"
"""No template can name it."""
_VIEW = re.compile(
    r"(?:\{\{\s*(?P<name>\w+(?:\.\w+)*)|(?<!\{)\{\s*(?P<own>self))"
    r"\s*:\s*(?P<view>schema|example|full)(?:_only)?\s*(?(name)\}\}|\})"
)
_OTHER_TEMPLATES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_KEPT = 256


class Template:
    """A text with `{{ names }}`, in Jinja's language.

    What is put in is shown as by `to_prompt`. `{{ name:schema }}`, `{{ name:example }}` and
    `{{ name:full }}` put in how a value of that type looks, its example, or both; `{self:schema}`
    is understood as well.
    """

    def __init__(
        self, source: str, *, variables: Iterable[str] | None = None, name: str = "the template"
    ) -> None:
        """Read and check `source`.

        Args:
            source: The text.
            variables: The names that may stand in it; whatever the text names if not given.
            name: How the template is called in errors.

        Raises:
            PromptError: The text is no template, needs other templates, or names something else.
        """
        self.source = source
        self._name = name
        tree = self._parsed(source)
        names = meta.find_undeclared_variables(tree) - set(_environment.globals)
        self.variables = frozenset("self" if each == _SELF else each for each in names)
        """The names whose values it needs."""
        if variables is not None:
            self._refuse_unknown(set(variables))
        self._template = _environment.from_string(tree)

    @classmethod
    def from_file(cls, path: str | Path, *, variables: Iterable[str] | None = None) -> Template:
        """The template in a file, which is UTF-8.

        Raises:
            PromptError: There is no such file, or it holds no template; as `Template` does.
        """
        name = Path(path).name
        try:
            source = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            reason = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
            raise PromptError(f"The template file {name!r} {reason}.") from error
        return cls(source, variables=variables, name=f"the template file {name!r}")

    def render(self, /, **values: Any) -> str:
        """The text with `values` put in; pictures are left out.

        Raises:
            PromptError: A value is missing, or something in the template fails.
        """
        return text_of(self.parts(**values))

    def parts(self, /, **values: Any) -> list[Part]:
        """The same with pictures, each where its name stands."""
        return self._filled(values, str)

    def render_guarded(self, values: Mapping[str, Any], guard: Callable[[str], str]) -> str:
        """The same as `render`, with every text that is put in as `guard` writes it.

        A value that is `Verbatim` is put in as it is.
        """
        return text_of(self._filled(values, guard))

    def _filled(self, values: Mapping[str, Any], guard: Callable[[str], str]) -> list[Part]:
        pictures = _Pictures(guard)
        given = {_SELF if name == "self" else name: each for name, each in values.items()}
        try:
            text = self._template.render({**given, _PICTURES: pictures})
        except PromptError:
            raise
        except Exception as error:  # whatever the values themselves and their methods raise
            raise PromptError(self._failed(error, values)) from error
        return joined([pictures.parts_in(text)])

    def _parsed(self, source: str) -> nodes.Template:
        try:
            tree = _environment.parse(_VIEW.sub(_filtered, source))
        except TemplateSyntaxError as error:
            raise PromptError(
                f"Line {error.lineno} of {self._name} cannot be read: {error.message}"
            ) from error
        for other in tree.find_all(_OTHER_TEMPLATES):
            raise PromptError(f"Line {other.lineno} of {self._name} needs another template.")
        for named in tree.find_all(nodes.Name):
            named.name = _SELF if named.name == "self" else named.name
        return tree

    def _refuse_unknown(self, known: set[str]) -> None:
        unknown = sorted(self.variables - known)
        if unknown:
            raise PromptError(
                f"{_capital(self._name)} names {', '.join(unknown)}; it may name "
                f"{', '.join(sorted(known)) or 'nothing'}."
            )

    def _failed(self, error: Exception, values: Mapping[str, Any]) -> str:
        line = _line_of(error)
        where = _capital(f"line {line} of {self._name}" if line else self._name)
        # What other errors say may be a path, or a secret; they are chained for whoever looks.
        what = str(error).rstrip(".") if isinstance(error, TemplateError) else type(error).__name__
        given = ", ".join(sorted(values)) or "nothing"
        hint = f" It was given {given}." if self.variables - set(values) else ""
        return f"{where} cannot be filled: {what}.{hint}"


def prompt(template: str, /, **values: Any) -> str:
    """The text of a template with `values` put in: `prompt("Dear {{ user.name }}", user=user)`.

    Raises:
        PromptError: It is no template, a value is missing, or something in it fails.
    """
    return _kept_template(template).render(**values)


@lru_cache(_KEPT)
def _kept_template(source: str) -> Template:
    return Template(source)


def _filtered(written: re.Match[str]) -> str:
    """A view in the language of Jinja."""
    return f'{{{{ {written["name"] or written["own"]} | view("{written["view"]}") }}}}'


class Verbatim(str):
    """A text that a guard lets pass."""

    __slots__ = ()


class _Pictures:
    """The pictures of one rendering, and the marks in its text that stand for them."""

    def __init__(self, guard: Callable[[str], str]) -> None:
        self._guard = guard
        self._pictures: list[Image] = []
        self._mark = f"\0{token_hex(8)}:"  # which no value can contain

    def text(self, parts: Iterable[Part]) -> str:
        """`parts` as text with marks."""
        return "".join(map(self._placed, parts))

    def parts_in(self, text: str) -> Iterator[Part]:
        """A text that was made with marks, as the parts it stands for."""
        for number, piece in enumerate(re.split(rf"{self._mark}(\d+)\0", text)):
            yield self._pictures[int(piece)] if number % 2 else Text(piece)

    def _placed(self, part: Part) -> str:
        if isinstance(part, Text):
            return self._guard(part.text)
        self._pictures.append(part)
        return f"{self._mark}{len(self._pictures) - 1}\0"


@pass_context
def _put_in(context: Context, value: Any) -> str:
    if isinstance(value, Verbatim):
        return value
    pictures = cast("_Pictures", context[_PICTURES])
    return pictures.text(prompt_parts(value))


def _made_environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        finalize=_put_in,
    )
    made.filters["view"] = view
    made.globals = {name: made.globals[name] for name in ("namespace", "range")}
    return made


_environment = _made_environment()


def _line_of(error: Exception) -> int | None:
    """The line of the template at which `error` came up."""
    found: int | None = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
