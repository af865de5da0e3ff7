import pytest

from toolyard.core.errors import InvalidTool
from toolyard.core.text_safety import refuse_hidden, refuse_hidden_within, without_hidden


@pytest.mark.parametrize(
    "character",
    [
        "\x00", "\x07", "\x1b", "\r", "\x7f", "\x85", "\u00ad", "\u061c", "\u115f", "\u180e",
        "\u200b", "\u200d", "\u200e", "\u2028", "\u202e", "\u2060", "\u2066", "\u3164", "\ufe00",
        "\ufeff", "\ufff9", "\ud800", "\U000e0041", "\U000e0100",
    ],
)  # fmt: skip
def test_a_character_that_nobody_sees_is_refused_by_its_number(character: str) -> None:
    with pytest.raises(InvalidTool, match=rf"U\+{ord(character):04X}") as refusal:
        refuse_hidden(f"Add{character} numbers.", "tool 'add'")
    assert character not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "", None, "Two\n\tlines.", "Zählt Größen", "数を足す", "اجمع", "👍", "❤️", "½ “quoted”",
        "می\u200cروم", "क्\u200dष", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f\u200d\U0001f525", "\U0001f469\U0001f3fd\u200d\U0001f4bb",
    ],
)  # fmt: skip
def test_text_in_any_language_passes(text: str | None) -> None:
    refuse_hidden(text, "tool")


@pytest.mark.parametrize(
    "text",
    [
        "a\u200cb", "a\u200db", "\u200cخ", "می\u200c", "می\u200c\u200cخ", "می\u200c b",
        "👍\u200c👍", "👍\u200d", "\u200d👍", "a\u200d👍",
    ],
)  # fmt: skip
def test_a_joiner_that_joins_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidTool, match=r"U\+200[CD]"):
        refuse_hidden(text, "tool")


@pytest.mark.parametrize(
    "document",
    [
        {"properties": {"a": {"description": "x\u200b"}}},
        {"properties": {"a\u200b": {}}},
        {"enum": ["x", "\u200b"]},
        ({"default": ["\u200b"]},),
    ],
)
def test_every_string_of_a_document_is_looked_at(document: object) -> None:
    with pytest.raises(InvalidTool, match=r"U\+200B"):
        refuse_hidden_within(document, "tool")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("pay\u200bpal\U000e0041\u202e", "paypal"),
        ("می\u200cروم a\u200cb", "می\u200cروم ab"),
        ("\U0001f468\u200d\U0001f469 \u200d", "\U0001f468\u200d\U0001f469 "),
        ("half \ud800", "half "),
    ],
)
def test_what_nobody_sees_can_be_taken_out(text: str, seen: str) -> None:
    assert without_hidden(text) == seen
    refuse_hidden(without_hidden(text), "tool")
