"""A class with the quick constructor is the class it was."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any, get_type_hints

import pytest

from toolyard.core.quick_init import quick_init


@dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: str = "b"
    c: list[int] = field(default_factory=lambda: [1])
    d: int | None = field(default=None, init=False)
    e: list[int] = field(default_factory=lambda: [2], init=False)
    g: int = field(default=7, kw_only=True)


@quick_init
@dataclass(frozen=True, slots=True)
class Quick:
    a: int
    b: str = "b"
    c: list[int] = field(default_factory=lambda: [1])
    d: int | None = field(default=None, init=False)
    e: list[int] = field(default_factory=lambda: [2], init=False)
    g: int = field(default=7, kw_only=True)


@quick_init
@dataclass(frozen=True, slots=True)
class Further(Quick):
    f: int = 6


@quick_init
@dataclass(frozen=True, slots=True)
class Empty:
    pass


def both(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    plain, quick = make(Plain), make(Quick)
    return [getattr(plain, name) for name in "abcdeg"], [getattr(quick, name) for name in "abcdeg"]


GIVEN: dict[str, Callable[[Any], Any]] = {
    "one": lambda kind: kind(1),
    "two": lambda kind: kind(1, "x"),
    "by name": lambda kind: kind(b="x", c=[3], a=1),
    "by name alone": lambda kind: kind(1, g=8),
    "changed": lambda kind: replace(kind(1), b="x"),
    "copied": lambda kind: copy.deepcopy(kind(1, c=[4])),
    "stored": lambda kind: pickle.loads(pickle.dumps(kind(1, c=[4]))),
}


@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
def test_it_holds_the_same(make: Callable[[Any], Any]) -> None:
    plain, quick = both(make)
    assert plain == quick


def test_each_has_its_own_lists() -> None:
    assert Quick(1).c is not Quick(1).c
    assert Quick(1).e is not Quick(1).e


WRONG: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda kind: kind(),
    "too much": lambda kind: kind(1, "x", [], 8),
    "unknown": lambda kind: kind(1, f=1),
    "not to be given": lambda kind: kind(1, d=1),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_it_refuses_the_same(make: Callable[[Any], Any]) -> None:
    for kind in (Plain, Quick):
        with pytest.raises(TypeError, match="__init__"):
            make(kind)


def test_it_stays_frozen_equal_and_hashable() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick(1).a = 2  # pyright: ignore[reportAttributeAccessIssue]
    assert Quick(1) == Quick(1) != Quick(2)
    assert repr(Quick(1)) == repr(Plain(1)).replace("Plain", "Quick")
    assert hash(Empty()) == hash(Empty())


def test_it_tells_what_it_takes() -> None:
    assert inspect.signature(Plain) == inspect.signature(Quick)
    assert get_type_hints(Plain.__init__) == get_type_hints(Quick.__init__)
    assert Quick.__init__.__qualname__ == "Quick.__init__"
    assert Quick.__init__.__module__ == Plain.__init__.__module__


def test_what_is_set_by_nobody_is_left_out() -> None:
    @quick_init
    @dataclass(frozen=True, slots=True)
    class Later:
        a: int = field(init=False)

    with pytest.raises(AttributeError):
        _ = Later().a


def test_a_class_of_it_sets_what_it_inherits() -> None:
    made = Further(1, "x", [5], 7, g=8)
    held = (made.a, made.b, made.c, made.d, made.e, made.f, made.g)
    assert held == (1, "x", [5], None, [2], 7, 8)


def test_what_it_cannot_do_is_refused() -> None:
    @dataclass(frozen=True)
    class Loose:
        a: int

    @dataclass(frozen=True, slots=True)
    class Checked:
        a: int

        def __post_init__(self) -> None: ...

    @dataclass(frozen=True, slots=True, init=False)
    class Own:
        a: int

    for kind in (Loose, Checked, Own):
        with pytest.raises(TypeError):
            quick_init(kind)
