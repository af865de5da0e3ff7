"""How alike two texts are."""

import pytest

from toolyard.orchestration.deciding.similarity import similarity

CASES = [
    ("the same words", "Words, the SAME!", 1.0),
    ("red green", "red blue", 1 / 3),
    ("red red red green", "red green", 1.0),
    ("one two", "six ten", 0.0),
    ("it is so", "a b c", 1.0),
    ("", "", 1.0),
    ("", "something", 0.0),
    ("something", "!?", 0.0),
    ("it was red", "was it red?", 1.0),
    ("\u201cred\u201d \u2014 don't", "red don't", 1.0),
    ("na\u00efve", "NA\u00cfVE", 1.0),
]


@pytest.mark.parametrize(("one", "other", "expected"), CASES)
def test_the_words_that_both_have_are_compared_with_all_words(
    one: str, other: str, expected: float
) -> None:
    assert similarity(one, other) == pytest.approx(expected)
    assert similarity(other, one) == pytest.approx(expected)
