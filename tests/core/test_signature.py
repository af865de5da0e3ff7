import inspect
import math
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial, wraps
from typing import Annotated, Any, Optional, Union

import pytest
from typing_extensions import TypeAliasType

from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidTool
from toolyard.core.signature import UNSAID, read_signature

Named = TypeAliasType("Named", CallContext | None)
Looped: Any = TypeAliasType("Looped", Union[int, "Looped"])  # pyright: ignore[reportGeneralTypeIssues]


def plain(a: int, context: CallContext) -> str: ...  # pyright: ignore[reportReturnType]
def first(context: CallContext, a: int) -> None: ...
def optional(a: int, context: CallContext | None = None) -> None: ...
def older(a: int, context: Optional[CallContext] = None) -> None: ...  # noqa: UP045 - the older spelling must work too
def annotated(a: int, *, context: Annotated[CallContext, "mine"]) -> None: ...
def named(a: int, context: Named) -> None: ...
def quoted(a: "int", context: "CallContext") -> None: ...


@pytest.mark.parametrize("function", [plain, first, optional, older, annotated, named, quoted])
def test_the_context_is_found_by_its_annotation(function: Callable[..., Any]) -> None:
    signature = read_signature(function, "it")
    assert signature.context == "context"
    assert [(each.name, each.annotation) for each in signature.parameters] == [("a", int)]


def test_what_is_not_annotated_is_unsaid() -> None:
    def f(a, b=1): ...  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]

    signature = read_signature(f, "it")  # pyright: ignore[reportUnknownArgumentType]
    assert [each.annotation for each in signature.parameters] == [UNSAID, UNSAID]
    assert [each.default for each in signature.parameters] == [UNSAID, 1]
    assert signature.returns is UNSAID
    assert signature.context is None


def test_a_partial_keeps_what_is_still_open() -> None:
    def add(a: int, b: int) -> int:
        return a + b

    signature = read_signature(partial(add, b=2), "it")
    assert [(each.name, each.default) for each in signature.parameters] == [("a", UNSAID), ("b", 2)]


def test_an_alias_that_holds_itself_is_no_context() -> None:
    def f(a: Any) -> None: ...

    f.__annotations__["a"] = Looped
    assert read_signature(f, "it").context is None


def test_what_a_decorator_adds_to_the_signature_has_its_type() -> None:
    def logged(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def wrapper(*, level: int, **given: Any) -> int:
            return function(**given) + level

        inspected = inspect.signature(function)
        level = inspect.Parameter("level", inspect.Parameter.KEYWORD_ONLY, annotation="int")
        parameters = [*inspected.parameters.values(), level]
        wrapper.__signature__ = inspected.replace(parameters=parameters)  # pyright: ignore[reportAttributeAccessIssue]
        return wrapper

    @logged
    def count(a: str) -> int:
        return len(a)

    signature = read_signature(count, "it")
    assert [(each.name, each.annotation) for each in signature.parameters] == [
        ("a", str),
        ("level", int),
    ]
    assert signature.returns is int


def test_a_signature_that_is_only_declared_has_its_types() -> None:
    def anything(**given: Any): ...  # pyright: ignore[reportUnknownParameterType]

    number = inspect.Parameter("a", inspect.Parameter.KEYWORD_ONLY, annotation=int)
    anything.__signature__ = inspect.Signature([number], return_annotation=str)  # pyright: ignore[reportFunctionMemberAccess]
    signature = read_signature(anything, "it")  # pyright: ignore[reportUnknownArgumentType]
    assert [each.annotation for each in signature.parameters] == [int]
    assert signature.returns is str


def many(*numbers: int) -> None: ...
def keywords(**numbers: int) -> None: ...
def positional(a: int, /) -> None: ...
def yielding() -> Iterator[int]:
    yield 1


async def async_yielding() -> AsyncIterator[int]:
    yield 1


def twice(a: CallContext, b: CallContext) -> None: ...
def unknown(a: "Missing") -> None: ...  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType]  # noqa: F821 - the point of the test


class Scale:
    def weigh(self, thing: str) -> float: ...  # pyright: ignore[reportReturnType]


REFUSED: list[tuple[Callable[..., Any], str]] = [
    (many, r"'\*numbers' \(variadic positional\): every parameter must have a name"),
    (keywords, r"'\*\*numbers' \(variadic keyword\)"),
    (positional, r"'a' \(positional-only\)"),
    (math.hypot, "parameter"),
    (dict, "parameters"),
    (yielding, "generator"),
    (async_yielding, "generator"),
    (twice, "two call contexts"),
    (unknown, "names 'Missing', which is not known"),
    (Scale.weigh, "method without its object"),
]


@pytest.mark.parametrize(("function", "complaint"), REFUSED)
def test_a_function_that_cannot_be_called_by_name_is_refused(
    function: Callable[..., Any], complaint: str
) -> None:
    with pytest.raises(InvalidTool, match=complaint):
        read_signature(function, "The function 'it'")
