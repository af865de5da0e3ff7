"""What others wrote cannot steer a terminal, nor begin a line of its own."""

import pytest

from toolyard.core.printable import escaped, on_one_line, one_line, printable

STEERING = ["\x1b[31m", "\x1b]0;t\x07", "\x9b31m", "\x00", "\x08", "\r", "\x7f", "\u202e", "\u2066"]
HIDDEN = ["\u200b", "\u00ad", "\ufeff", "\u2028", "\U000e0041", "\ud800"]


@pytest.mark.parametrize("letters", [*STEERING, *HIDDEN], ids=ascii)
def test_nothing_is_left_that_steers_a_terminal_or_hides(letters: str) -> None:
    shown = printable(f"a{letters}b")
    assert shown.isprintable()
    assert shown[0] + shown[-1] == "ab"
    assert len(shown) < len(f"a{letters}b")


@pytest.mark.parametrize("text", ["grüße 你好 😀", "a\tb\nc", "[red]x[/red] [/] :smile:", ""])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_unusual_spaces_are_spaces() -> None:
    assert printable("10\u00a0000\u3000x") == "10 000 x"


def test_one_line_is_the_first_and_is_cut() -> None:
    assert one_line("\n a\tb\x1b[0m \nc") == "a b[0m "
    assert one_line("x" * 200, 10) == "x" * 9 + "…"


def test_many_lines_on_one_are_cut_where_the_room_ends() -> None:
    assert on_one_line("\n a\tb\x1b[0m \n\nc") == "a b[0m c"
    assert on_one_line("x\n" * 200, 10) == "x x x x x…"
    assert on_one_line("x" * 200, 10) == "x" * 9 + "…"


def test_what_is_escaped_is_on_one_line_and_shows_what_it_held() -> None:
    assert escaped("a\r\nb\u202ec\u2028") == r"a\r\nb\u202ec\u2028"
    assert escaped("x" * 300) == "x" * 200
