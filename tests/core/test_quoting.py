"""What other servers said, and how long they ask to wait."""

import pytest

from toolyard.core.quoting import quotable, wait_of


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("1e9", None),
        ("9" * 40, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
    ],
)
def test_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    assert wait_of(header) == seconds


def test_a_date_to_wait_for() -> None:
    assert (wait_of("Fri, 01 Jan 2100 00:00:00 GMT") or 0) > 1e6


def test_only_what_can_be_read_is_quoted() -> None:
    assert quotable("a\x1b[31m\u202eb.", "k" * 20) == ": a[31mb"
    assert quotable("", "k" * 20) == ""


def test_nothing_is_quoted_that_holds_a_part_of_the_key() -> None:
    assert quotable("Your key sk-1234567 is bad", "sk-1234567890") == ""
    assert quotable("Your key is bad", "sk-1234567890") == ": Your key is bad"
    assert quotable("No key was sent.", None) == ": No key was sent"
