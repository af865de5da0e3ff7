"""What an answer marks as done, and what it only quotes."""

import time

import pytest

from toolyard.orchestration.work.markers import marked_in

A = "[TASK_COMPLETE:a]"


@pytest.mark.parametrize(
    "answer",
    [
        A,
        f"Done. {A} What is next?",
        f"{A} and {A}",
        "[TASK_COMPLETE: a ]",
        f"**{A}**",
        f"- It works. {A}",
        f"```\ncode\n```\n{A}",
        f"~~~\n```\n~~~\n{A}",
        f"````\n```\n````\n{A}",
        f"`code` {A} `code`",
        f"A lone ` here.\n\n{A} and a lone ` there.",
        f"``` is how a fence begins. `` ` `` {A}",
        f'He said "no". {A}',
        f"It isn't hard, {A}, isn't it?",
        f"> a quotation\n\n{A}",
        f"> ```\n> open\n\n{A}",
        f'<said by="Bob">\nno\n</said>\n{A}',
        f"```{A}``` is a quotation, {A} is not.",
    ],
)
def test_a_marker_counts_once_wherever_it_is_not_quoted(answer: str) -> None:
    assert marked_in(answer).done == ["a"]


@pytest.mark.parametrize(
    "answer",
    [
        f"```\n{A}\n```",
        f"```text\n{A}\n``` no end\n{A}",
        f"~~~\n{A}\n```\n{A}\n~~~",
        f"- ```\n  {A}\n  ```",
        f"```\n- ```\n{A}\n```",
        f"Then I say `{A}`.",
        f"Then I say ``{A}``.",
        f"`over two\nlines {A}`",
        f"> {A}",
        f"  > {A}",
        f'<said by="Bob">\n{A}\n</said>',
        f"<SAID>{A}",
        f'Bob says "{A}" at its end.',
        f"Bob says “I am done {A}” too early.",
        f"Bob says “I said “yes {A}” too early.",
        f"A lone « here. Bob says “{A}”.",
        f"Bob says '{A}'.",
    ],
)
def test_a_marker_that_is_only_quoted_does_not_count_and_is_named(answer: str) -> None:
    assert marked_in(answer) == ([], ["a"])


@pytest.mark.parametrize("answer", ["", "TASK_COMPLETE:a", "[TASK_COMPLETE a]", "[TASK_COMPLETE:a"])
def test_what_is_no_marker_marks_nothing(answer: str) -> None:
    assert marked_in(answer) == ([], [])


def test_several_are_found_in_their_order() -> None:
    answer = "[TASK_COMPLETE:b] `[TASK_COMPLETE:c]` [TASK_COMPLETE:a] [TASK_COMPLETE:b]"

    assert marked_in(answer) == (["b", "a"], ["c"])


@pytest.mark.parametrize(
    "piece", ["`", "` ", "[TASK_COMPLETE:", "<said ", '"', "“", "„", "«", "```\n", "\n", "> "]
)
def test_a_long_answer_takes_no_more_than_its_length(piece: str) -> None:
    began = time.perf_counter()

    marked_in(piece * 100_000)

    assert time.perf_counter() - began < 2


def test_many_markers_take_no_more_than_their_number() -> None:
    ids = [f"{at}" for at in range(50_000)]
    began = time.perf_counter()

    marked = marked_in("".join(f"[TASK_COMPLETE:{each}]" for each in ids))

    assert marked == (ids, [])
    assert time.perf_counter() - began < 2
