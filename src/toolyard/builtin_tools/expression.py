"""An expression as it was written, and its tree."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from toolyard.builtin_tools.functions import Numbers
from toolyard.builtin_tools.tokens import place


class Piece(NamedTuple):
    """A part of the text, and how Python writes it."""

    code: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression within all limits, so that evaluating it is cheap."""

    text: str
    tree: ast.expr
    series: Mapping[str, Numbers]
    """Names in the tree that stand for the numbers of a list, which would make it large."""
    pieces: Sequence[Piece]

    def piece(self, node: ast.expr) -> str:
        """Where `node` stands in the text: `'1/0' at character 5`."""
        ends = list(accumulate(len(piece.code) for piece in self.pieces))
        first = self.pieces[bisect_right(ends, node.col_offset)]
        last = self.pieces[bisect_left(ends, node.end_col_offset or 0)]
        return place(self.text[first.start : last.end], first.start)
