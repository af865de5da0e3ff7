"""Cuts a long text where it can be cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolyard.core.errors import ConfigError
from toolyard.orchestration.texts.chunks import Chunks

CUTS = {
    "it fits": ("One two.", 8, ["One two."]),
    "a paragraph": ("One. Two.\n\nThree. Four", 16, ["One. Two.\n\n", "Three. Four"]),
    "a line": ("One. Two\nThree. Four", 14, ["One. Two\n", "Three. Four"]),
    "a sentence": ("It is 3.14 now. And then", 20, ["It is 3.14 now. ", "And then"]),
    "a word": ("some words here", 12, ["some words ", "here"]),
    "nowhere": ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
    "no piece is blank": ("abc" + " " * 9 + "d", 4, ["abc ", "d"]),
    "not too early": ("a\n\nbcdefg hi", 10, ["a\n\nbcdefg ", "hi"]),
}


@pytest.mark.parametrize(("text", "size", "pieces"), CUTS.values(), ids=list(CUTS))
def test_a_text_is_cut_at_the_best_place(text: str, size: int, pieces: list[str]) -> None:
    assert Chunks(size)(text) == pieces


@given(st.text("ab \n.", min_size=1), st.integers(1, 9), st.integers(0, 8))
def test_pieces_are_small_enough_and_nothing_is_lost(text: str, size: int, overlap: int) -> None:
    overlap = min(overlap, size - 1)
    text = text.replace(" ", "c").replace("\n", "d")  # without blanks nothing is left out

    first, *others = Chunks(size, overlap)(text)

    assert max(map(len, [first, *others])) <= size
    assert first + "".join(each[overlap:] for each in others) == text


@given(st.text("ab \n.", min_size=1), st.integers(1, 9), st.integers(0, 8))
def test_only_what_is_blank_is_left_out(text: str, size: int, overlap: int) -> None:
    pieces = Chunks(size)(text)

    kept, at = "", 0
    for piece in pieces:
        found = text.index(piece, at)
        kept += text[at:found]
        at = found + len(piece)
    assert not (kept + text[at:]).strip()
    assert all(len(each) <= size for each in pieces) or pieces == [text]


def test_an_overlap_begins_the_next_piece_and_is_smaller_than_a_piece() -> None:
    assert Chunks(4, 2)("abcdefgh") == ["abcd", "cdef", "efgh"]
    with pytest.raises(ConfigError, match="less than chunk_size, which is 4, not 4"):
        Chunks(4, 4)
    with pytest.raises(ConfigError, match="chunk_overlap must be 0 or more, not -1"):
        Chunks(4, -1)
    with pytest.raises(ConfigError, match="chunk_size must be 1 or more, not 0"):
        Chunks(0)
