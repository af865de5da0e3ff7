"""From text to an expression; whatever is not plain arithmetic, or over a limit, is refused."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass

from toolyard.builtin_tools.expression import Expression, Piece
from toolyard.builtin_tools.functions import CONSTANTS, FUNCTIONS, Numbers
from toolyard.builtin_tools.refusals import (
    about_character,
    about_function,
    about_name,
    refuse_keyword,
)
from toolyard.builtin_tools.tokens import NUMBER, SERIES, TOKEN, called, place, placed, python
from toolyard.core.errors import ToolError

MAX_LENGTH = 64 * 1024
MAX_NESTING = 64
"""Brackets in brackets; also signs and powers that wait for their right-hand side."""
MAX_OPERATORS = 1000
"""Operators in all; a sign that begins an expression, a bracket or an element is not counted."""
MAX_TERMS = 1000
"""Names of constants, calls and brackets, in all."""
MAX_VALUES = 10_000
"""Values separated by commas, in all."""
MAX_WORDS = 8000
"""Numbers, names, signs and brackets, in all; numbers beside each other in a list are one."""
MAX_LITERAL = 1000
"""Characters of one number."""


def read(text: str) -> Expression:
    """The expression that `text` is.

    Raises:
        ToolError: It is none, or over a limit; the text says why and at which character.
    """
    if len(text) > MAX_LENGTH:
        raise ToolError(
            f"The expression has {len(text)} characters, over the limit of {MAX_LENGTH}."
        )
    return _Reader(text).expression()


@dataclass(frozen=True, slots=True)
class _Bracket:
    symbol: str
    start: int
    waiting: int
    """Signs and powers around it."""

    @property
    def closing(self) -> str:
        return ")" if self.symbol == "(" else "]"


class _Reader:
    """Reads from left to right, knowing whether a value or an operator must come next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last = ""
        """The kind of the token before this one."""
        self._brackets: list[_Bracket] = []
        self._waiting = 0
        self._pieces: list[Piece] = []
        self._series: dict[str, Numbers] = {}
        self._operators = self._terms = self._commas = 0
        self._readers = {
            "number": self._number,
            "call": self._call,
            "name": self._name,
            "operator": self._operator,
            "open": self._open,
            "close": self._close,
            "comma": self._comma,
        }

    def expression(self) -> Expression:
        """The whole text, read once."""
        position = 0
        while position < len(self._text):
            position = self._series_at(position) or self._token_at(position)
        self._end()
        code = "".join(piece.code for piece in self._pieces)
        try:
            tree = ast.parse(code, mode="eval").body
        except (RecursionError, MemoryError):  # the stack is nearly used up already
            raise ToolError("The expression is too long to be read; split it in two.") from None
        return Expression(self._text, tree, self._series, self._pieces)

    def _token_at(self, position: int) -> int:
        token = TOKEN.match(self._text, position)
        if token is None:
            raise ToolError(about_character(self._text[position], position))
        kind = token.lastgroup or ""
        if kind != "space":
            self._readers[kind](token)
            self._add(kind, python(token), token)
        return token.end()

    def _series_at(self, position: int) -> int | None:
        begins_element = self._brackets and self._last in ("open", "call", "comma")
        found = SERIES.match(self._text, position) if begins_element else None
        if found is None:
            return None
        self._count_values(found[0].count(","))
        numbers = _numbers(found)
        name = f"_{len(self._series)}"
        self._series[name] = Numbers(numbers, is_list=False)
        self._add("comma" if found[0].rstrip()[-1] == "," else "number", f"{name},", found)
        return found.end()

    def _add(self, kind: str, code: str, found: re.Match[str]) -> None:
        self._last = kind
        self._pieces.append(Piece(code, found.start(), found.end()))
        if len(self._pieces) > MAX_WORDS:
            raise ToolError(
                f"There are over {MAX_WORDS} numbers, signs and brackets; split the expression."
            )

    def _number(self, token: re.Match[str]) -> None:
        self._begin_value(token)
        _refuse_bad_number(token)

    def _name(self, token: re.Match[str]) -> None:
        refuse_keyword(token, token[0])
        self._begin_value(token)
        if token[0] not in CONSTANTS:
            raise ToolError(about_name(token))
        self._count_term()

    def _call(self, token: re.Match[str]) -> None:
        refuse_keyword(token, called(token))
        self._begin_value(token)
        if called(token) not in FUNCTIONS:
            raise ToolError(about_function(token))
        self._enter("(", token.end() - 1)

    def _open(self, token: re.Match[str]) -> None:
        self._begin_value(token)
        self._enter(token[0], token.start())

    def _enter(self, symbol: str, start: int) -> None:
        if len(self._brackets) == MAX_NESTING:
            raise ToolError(
                f"Brackets are nested over {MAX_NESTING} deep at character {start + 1}."
            )
        self._count_term()
        self._brackets.append(_Bracket(symbol, start, self._waiting))

    def _close(self, token: re.Match[str]) -> None:
        if not self._brackets:
            raise ToolError(f"The bracket {placed(token)} closes nothing.")
        bracket = self._brackets.pop()
        if token[0] != bracket.closing:
            raise ToolError(
                f"Expected {bracket.closing!r} for {place(bracket.symbol, bracket.start)},"
                f" found {placed(token)}."
            )
        is_empty = self._last == "call" or (self._last == "open" and token[0] == "]")
        if self._wants_value and not is_empty:
            raise ToolError(f"Expected a number, found {placed(token)}.")
        self._waiting = bracket.waiting

    def _comma(self, token: re.Match[str]) -> None:
        if self._wants_value:
            raise ToolError(f"Expected a number, found {placed(token)}.")
        if not self._brackets:
            raise ToolError(
                f"The comma at character {token.start() + 1} stands outside all brackets; a list"
                " belongs in a function, as in sum([1, 2]), and thousands are not separated."
            )
        self._count_values(1)
        self._waiting = self._brackets[-1].waiting

    def _operator(self, token: re.Match[str]) -> None:
        if self._wants_value:
            self._sign(token)
        elif token[0] in ("^", "**"):
            self._wait(token)
            self._count_operator()
        else:
            self._waiting = self._brackets[-1].waiting if self._brackets else 0
            self._count_operator()

    def _sign(self, token: re.Match[str]) -> None:
        if token[0] not in "+-":
            raise ToolError(f"Expected a number, found {placed(token)}.")
        self._wait(token)
        if self._last == "operator":
            self._count_operator()

    def _wait(self, token: re.Match[str]) -> None:
        self._waiting += 1
        if self._waiting > MAX_NESTING:
            raise ToolError(
                f"Over {MAX_NESTING} signs and powers wait for their value at character"
                f" {token.start() + 1}; use brackets or fewer of them."
            )

    def _count_operator(self) -> None:
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise ToolError(f"There are over {MAX_OPERATORS} operators; split the expression.")

    def _count_term(self) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise ToolError(f"There are over {MAX_TERMS} names and brackets; split the expression.")

    def _count_values(self, commas: int) -> None:
        self._commas += commas
        if self._commas >= MAX_VALUES:
            raise ToolError(f"There are over {MAX_VALUES} values; split the expression.")

    def _end(self) -> None:
        if not self._last:
            raise ToolError("The expression is empty; write one such as 2 + 3.")
        if self._wants_value:
            raise ToolError(f"Expected a number at the end, after {self._text.strip()[-10:]!r}.")
        if self._brackets:
            bracket = self._brackets[-1]
            raise ToolError(f"The bracket {place(bracket.symbol, bracket.start)} is never closed.")

    def _begin_value(self, token: re.Match[str]) -> None:
        if not self._wants_value:
            raise ToolError(
                f"Expected an operator, found {placed(token)};"
                " * multiplies, and a number is decimal such as 1000, 0.5 or 2e3."
            )

    @property
    def _wants_value(self) -> bool:
        return self._last not in ("number", "name", "close")


def _numbers(series: re.Match[str]) -> list[float]:
    texts = series[0].replace(" ", "").replace("\t", "").rstrip(",").split(",")
    # A text may begin with a sign, so a few are looked at again that are not too long.
    if max(map(len, texts)) > MAX_LITERAL or any(math.isinf(float(text)) for text in texts):
        for number in NUMBER.finditer(series.string, series.start(), series.end()):
            _refuse_bad_number(number)
    return list(map(float, texts))


def _refuse_bad_number(number: re.Match[str]) -> None:
    if len(number[0]) > MAX_LITERAL:
        raise ToolError(f"The number {placed(number)} has over {MAX_LITERAL} characters.")
    if math.isinf(float(number[0])):
        raise ToolError(f"The number {placed(number)} is too large (over 1.8e308).")
