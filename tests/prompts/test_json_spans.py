"""Every array and object in a text is found, in the order in which they start."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolyard.prompts.json_spans import MOST_DEPTH, json_spans

LETTERS = st.text(st.sampled_from('{}[]":,\\ \n1-.ea'), max_size=40)
PIECES = st.lists(
    st.sampled_from(['{"a":', "[", "]", "}", "1", ",", '"', '"{"', "[]", "{}", "null", " ", "\\"])
    | st.just('{"a": [1, {"b": "}"}]}'),
    max_size=20,
).map("".join)


def refused(constant: str) -> None:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_constant=refused, strict=False)


def decoded(text: str) -> list[tuple[int, int]]:
    """What a parser finds that is set on every letter in turn; empty values are left out."""
    found: list[tuple[int, int]] = []
    for start, letter in enumerate(text):
        if letter in "[{":
            try:
                value, end = DECODER.raw_decode(text, start)
            except ValueError:
                continue
            if value:
                found.append((start, end))
    return found


@settings(max_examples=400)
@given(LETTERS | PIECES)
@example('{"a": "\\u"}')
@example('[["a]", {"b": [1')
def test_what_a_parser_finds_from_any_letter_is_found(text: str) -> None:
    spans = json_spans(text)
    found = {(span.start, span.end) for span in [*spans.outer, *spans.inner]}

    assert set(decoded(text)) <= found
    for start, end in found - set(decoded(text)):
        assert "\\" in text[start:end]  # an escape that JSON does not know


@given(LETTERS | PIECES)
def test_outer_values_stand_by_themselves_and_inner_ones_do_not(text: str) -> None:
    spans = json_spans(text)

    for one, other in zip(spans.outer, spans.outer[1:], strict=False):
        assert one.end <= other.start
    for inner in spans.inner:
        assert any(outer.start < inner.start < outer.end for outer in spans.outer)


def test_the_depth_counts_arrays_and_objects() -> None:
    (outer,) = json_spans('x [1, {"a": [4, 2]}, [3]] y').outer
    deep = "[" * (MOST_DEPTH + 1) + "1" + "]" * (MOST_DEPTH + 1)

    assert (outer.start, outer.depth) == (2, 3)
    assert json_spans(deep).outer[0].depth == MOST_DEPTH + 1
    assert json_spans(deep).inner == []
