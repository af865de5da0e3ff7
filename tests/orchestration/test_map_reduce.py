"""A long text, piece by piece."""

from pathlib import Path
from typing import Any, Unpack

import anyio
import pytest
from tests.support.teams import Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.presets.map_reduce import REDUCE, MapReduce
from toolyard.orchestration.workflow import WorkflowOptions

pytestmark = pytest.mark.anyio

TEXT = "aaaa bbbb cccc dddd eeee "


def said(name: str, text: str) -> str:
    return f'<said by="{name}">\n{text}\n</said>'


def upper(piece: str) -> str:
    return piece.strip().upper()


async def test_the_mapper_hears_each_piece_alone_and_the_reducer_all_results_in_order() -> None:
    ann, bob = Player("Ann", "A", "B", "C"), Player("Bob", "all")

    result = await MapReduce(ann.agent, reducer=bob.agent, chunk_size=10).run(TEXT)

    assert ann.heard == ["aaaa bbbb ", "cccc dddd ", "eeee "]
    assert [len(request.messages) for request in ann.model.requests] == [2, 2, 2]
    parts = [said("piece 1", "A"), said("piece 2", "B"), said("piece 3", "C")]
    assert bob.heard == ["\n\n".join([*parts, REDUCE])]
    assert (result.text, result.output) == ("all", "all")
    assert (result.status, result.rounds) == ("complete", 1)
    assert [(step.id, step.task_id) for step in result.steps] == [
        ("Ann", "piece 1"), ("Ann#2", "piece 2"), ("Ann#3", "piece 3"), ("Bob", ""),
    ]  # fmt: skip
    assert set(result.by_task) == {"piece 1", "piece 2", "piece 3"}


async def test_the_mapper_reduces_if_nobody_else_does() -> None:
    ann = Player("Ann", "A", "B", "both")

    team = MapReduce(ann.agent, chunk_size=15)
    result = await team.run(TEXT)

    assert ann.heard[2].endswith(REDUCE)
    assert result.text == "both"
    assert [each.id for each in team.members] == ["Ann"]


async def test_what_is_in_one_piece_is_not_reduced() -> None:
    def gone(text: str) -> str:
        raise AssertionError(text)

    for chunk_size in (None, 25):
        for reduce in ("summarize", "tree"):
            team = MapReduce(upper, reducer=gone, chunk_size=chunk_size, reduce=reduce)
            result = await team.run(TEXT)
            assert (result.text, result.status) == (upper(TEXT), "complete")


async def test_results_are_put_one_after_the_other_without_asking_anybody() -> None:
    result = await MapReduce(upper, chunk_size=10, reduce="concatenate").run(TEXT)

    assert result.text == "AAAA BBBB\n\nCCCC DDDD\n\nEEEE"
    assert result.output == ["AAAA BBBB", "CCCC DDDD", "EEEE"]
    assert len(result.steps) == 3


async def test_pieces_overlap_if_they_are_to() -> None:
    team = MapReduce(upper, chunk_size=10, chunk_overlap=5, reduce="concatenate")

    assert (await team.run(TEXT)).output == ["AAAA BBBB", "BBBB CCCC", "CCCC DDDD", "DDDD EEEE"]


async def test_a_tree_is_reduced_by_what_fits_until_one_is_left() -> None:
    heard = list[str]()

    def shorten(prompt: str) -> str:
        heard.append(prompt)
        return f"r{len(heard)}"

    team = MapReduce(upper, reducer=shorten, chunk_size=5, reduce="tree", at_once=1)
    result = await team.run(TEXT)

    a, b, c, d, e = (said(f"piece {at}", each * 4) for at, each in enumerate("ABCDE", 1))
    assert heard == [
        "\n\n".join([a, b, REDUCE]),
        "\n\n".join([c, d, REDUCE]),
        "\n\n".join([said("piece 1 to piece 2", "r1"), said("piece 3 to piece 4", "r2"), REDUCE]),
        "\n\n".join([said("piece 1 to piece 4", "r3"), e, REDUCE]),
    ]
    assert (result.text, result.status) == ("r4", "complete")


async def test_no_more_pieces_are_worked_on_than_may_be() -> None:
    at_work, most = 0, 0

    async def work(piece: str) -> str:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await anyio.sleep(0.001)
        at_work -= 1
        return piece

    options: dict[str, Any] = {"chunk_size": 5, "reduce": "concatenate"}
    await MapReduce(work, max_parallel_chunks=2, **options).run(TEXT)
    assert most == 2

    most = 0
    await MapReduce(work, max_parallel_chunks=4, at_once=3, **options).run(TEXT)
    assert most == 3


async def test_a_piece_that_fails_is_left_out_or_shown_or_ends_the_run() -> None:
    def team(**options: Unpack[WorkflowOptions]) -> tuple[MapReduce, Player]:
        lines: list[Line] = ["A", ModelError("ill."), "C", "A", "B", "C"]
        ann, bob = Player("Ann", *lines), Player("Bob", "all", "all")
        return MapReduce(ann.agent, reducer=bob.agent, chunk_size=10, **options), bob

    skipping, bob = team()
    result = await skipping.run(TEXT)
    assert bob.heard == ["\n\n".join([said("piece 1", "A"), said("piece 3", "C"), REDUCE])]
    assert (result.text, result.status, result.ended) == ("all", "partial", "pieces_missing")
    assert (await skipping.run(TEXT)).status == "complete"
    assert said("piece 2", "B") in bob.heard[1]

    showing, bob = team(on_error="show")
    assert (await showing.run(TEXT)).ended == "pieces_missing"
    assert said("piece 2", "(Ann failed: ill.)") in bob.heard[0]

    with pytest.raises(ModelError, match=r"ill\."):
        await team(on_error="raise")[0].run(TEXT)
    with pytest.raises(WorkflowError, match="Nobody answered"):
        await MapReduce(Player("Ann", ModelError("ill.")).agent).run(TEXT)


async def test_what_the_reducer_fails_at_is_put_one_after_the_other() -> None:
    bob = Player("Bob", ModelError("ill."), "CD", "all")
    options: dict[str, Any] = {"chunk_size": 5, "at_once": 1}

    result = await MapReduce(upper, reducer=bob.agent, reduce="tree", **options).run(TEXT[:20])
    assert said("piece 1 to piece 2", "AAAA\n\nBBBB") in bob.heard[2]
    assert (result.text, result.status, result.ended) == ("all", "partial", "not_combined")

    gone = Player("Bob", ModelError("ill."))
    result = await MapReduce(upper, reducer=gone.agent, on_error="show", **options).run(TEXT[:10])
    assert (result.text, result.ended) == ("AAAA\n\nBBBB", "not_combined")


async def test_a_kept_run_goes_on_where_it_was(tmp_path: Path) -> None:
    pieces = list[str]()

    def note(piece: str) -> str:
        pieces.append(piece)
        return upper(piece)

    bob = Player("Bob", "AB", ModelError("ill."), "CD", "all")
    options: dict[str, Any] = {"reduce": "tree", "chunk_size": 5, "on_error": "raise", "at_once": 1}
    team, place = MapReduce(note, reducer=bob.agent, **options), f"sqlite:{tmp_path / 'runs.db'}"

    with pytest.raises(ModelError):
        await team.run(TEXT[:20], durable=place, run_id="r")
    result = await team.resume("r", durable=place)

    assert (result.text, len(pieces), len(bob.heard)) == ("all", 4, 4)


def test_what_cannot_be_is_refused() -> None:
    odd: Any = "fold"
    with pytest.raises(ConfigError, match="reduce must be one of summarize, concatenate, tree"):
        MapReduce(upper, reduce=odd)
    with pytest.raises(ConfigError, match="chunk_overlap must be less than chunk_size, which is 5"):
        MapReduce(upper, chunk_size=5, chunk_overlap=5)
    with pytest.raises(ConfigError, match="chunk_overlap needs a chunk_size"):
        MapReduce(upper, chunk_overlap=5)
    with pytest.raises(ConfigError, match="reducer is of no use while reduce is 'concatenate'"):
        MapReduce(upper, reducer=upper, reduce="concatenate")
    with pytest.raises(ConfigError, match="max_parallel_chunks must be 1 or more, not 0"):
        MapReduce(upper, max_parallel_chunks=0)
    with pytest.raises(ConfigError, match="chunk_size must be 1 or more, not 0"):
        MapReduce(upper, chunk_size=0)
