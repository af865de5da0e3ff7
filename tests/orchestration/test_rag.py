"""An answer from what was found."""

import json
from pathlib import Path
from typing import Any, Unpack

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.member import Member
from toolyard.orchestration.presets.rag import ANSWER, CHECK, CITE, NOTHING_FOUND, RAG
from toolyard.orchestration.workflow import WorkflowOptions

pytestmark = pytest.mark.anyio

FOUND = [
    {"content": "It rains.", "source": "weather.md"},
    "No source.",
    {"content": "Bring a coat.", "source": "advice.md"},
    {"content": "  ", "source": "blank.md"},
    {"content": "It still rains.", "source": "weather.md"},
    {"content": "Never used.", "source": "sixth.md"},
]
SHOWN = (
    '<said by="[1] weather.md">\nIt rains.\n</said>\n\n'
    '<said by="[2]">\nNo source.\n</said>\n\n'
    '<said by="[3] advice.md">\nBring a coat.\n</said>\n\n'
    '<said by="[4] weather.md">\nIt still rains.\n</said>'
)
ANSWERED = '<said by="generator">\nTake a coat [3].\n</said>'
SUPPORTED = json.dumps({"claims": []})


def find(query: str) -> list[Any]:
    assert query == "Coat?"
    return FOUND


def none(query: str) -> list[Any]:
    del query
    return []


def broken(query: str) -> list[Any]:
    raise ModelError("The index is gone.")


def player(*lines: Line) -> Player:
    return Player("generator", *lines)


async def test_the_generator_hears_what_was_found_in_its_order_and_sources_are_named_once() -> None:
    ann = player("Take a coat [3].")
    ear = Ear()

    result = await RAG(find, ann.agent, max_chunks=4, on_event=ear.bus).run("Coat?")

    assert ann.heard == [f"The task:\nCoat?\n\n{SHOWN}\n\n{ANSWER}{CITE}"]
    assert result.text == "Take a coat [3].\n\nSources: weather.md, advice.md"
    assert result.output == "Take a coat [3]."
    assert (result.status, result.ended) == ("complete", "answered")
    assert result.metadata == {"chunks": 4, "sources": ["weather.md", "advice.md"]}
    assert result.step("retriever").output == FOUND
    assert [each.reason for each in ear.of(AgentSelected)] == ["retriever", "generator"]


async def test_of_what_was_found_the_first_five_are_used_if_nothing_else_is_said() -> None:
    many = [{"content": f"c{at}", "source": f"s{at}"} for at in range(7)]

    async def find_many(query: str) -> list[dict[str, str]]:
        del query
        return many

    result = await RAG(find_many, player("x").agent, include_sources=False).run("Coat?")

    assert result.metadata == {"chunks": 5, "sources": ["s0", "s1", "s2", "s3", "s4"]}
    assert result.text == "x"


@pytest.mark.parametrize("include_sources", [True, False])
async def test_facts_are_checked_whether_or_not_sources_are_named(include_sources: bool) -> None:
    claims = json.dumps({"claims": ["It is cold.", "A coat helps."]})
    ann, eve = player("Take a coat [3]."), Player("Eve", claims)

    result = await RAG(
        find,
        ann.agent,
        max_chunks=4,
        include_sources=include_sources,
        verify_facts=True,
        verifier=eve.agent,
    ).run("Coat?")

    assert eve.heard[0].startswith(f"The task:\nCoat?\n\n{SHOWN}\n\n{ANSWERED}\n\n{CHECK}")
    assert ann.heard[0].endswith(ANSWER + CITE if include_sources else ANSWER)
    note = "[Verification: not supported by what was found: It is cold.; A coat helps.]"
    sources = "\n\nSources: weather.md, advice.md" if include_sources else ""
    assert result.text == f"Take a coat [3].\n\n{note}{sources}"
    assert (result.status, result.ended, result.rounds) == ("partial", "unsupported", 3)


CHECKS: dict[str, tuple[Line, str, str]] = {
    "all is supported": (SUPPORTED, "verified", "all is supported by what was found."),
    "the verifier failed": (ModelError("ill."), "unverified", "it failed."),
}


@pytest.mark.parametrize(("line", "ended", "note"), CHECKS.values(), ids=list(CHECKS))
async def test_what_the_verifier_says_is_in_the_text(line: Line, ended: str, note: str) -> None:
    result = await RAG(
        find,
        player("Yes.").agent,
        include_sources=False,
        verify_facts=True,
        verifier=Player("Eve", line).agent,
    ).run("Coat?")

    assert result.text == f"Yes.\n\n[Verification: {note}]"
    assert result.ended == ended
    assert (result.status == "complete") == (ended == "verified")


async def test_without_context_it_answers_from_the_task_alone_or_says_so_as_told() -> None:
    ann, eve = player("I think so."), Player("Eve")

    falling_back = RAG(none, ann.agent, verify_facts=True, verifier=eve.agent)
    result = await falling_back.run("Coat?")
    assert (ann.heard, eve.heard) == (["Coat?"], [])
    assert (result.text, result.status) == ("I think so.", "complete")
    assert result.ended == "answered_without_context"

    strict = RAG(
        none, ann.agent, fallback_on_no_context=False, verify_facts=True, verifier=eve.agent
    )
    result = await strict.run("Coat?")
    assert (len(ann.heard), eve.heard) == (1, [])
    assert (result.text, result.status, result.ended) == (NOTHING_FOUND, "partial", "no_context")
    assert (result.rounds, [each.id for each in result.steps]) == (1, ["retriever"])


async def test_a_retriever_that_fails_is_as_one_that_finds_nothing_or_ends_the_run() -> None:
    def team(**options: Unpack[WorkflowOptions]) -> RAG:
        return RAG(broken, player("I think so.").agent, **options)

    for on_error in ("skip", "show"):
        result = await team(on_error=on_error).run("Coat?")
        assert (result.text, result.status) == ("I think so.", "partial")
        assert (result.ended, result.metadata["chunks"]) == ("retrieval_failed", 0)
    with pytest.raises(ModelError, match=r"The index is gone\."):
        await team(on_error="raise").run("Coat?")


async def test_a_generator_that_fails_leaves_no_answer_and_is_there_in_the_next_run() -> None:
    def team(**options: Unpack[WorkflowOptions]) -> tuple[RAG, Player]:
        ann, eve = player(ModelError("ill."), "Yes."), Player("Eve", SUPPORTED)
        return RAG(find, ann.agent, verify_facts=True, verifier=eve.agent, **options), eve

    skipping, eve = team()
    with pytest.raises(WorkflowError, match=r"Nobody answered: generator: ill\."):
        await skipping.run("Coat?")
    assert eve.heard == []
    assert (await skipping.run("Coat?")).ended == "verified"

    showing, eve = team(on_error="show")
    result = await showing.run("Coat?")
    assert result.text.startswith("(generator failed: ill.)")
    assert (result.status, result.ended, eve.heard) == ("partial", "no_answer", [])


async def test_one_text_or_an_agent_may_be_what_is_found() -> None:
    ann = player("a", "b")
    lone = RAG(lambda query: f"All about {query}", ann.agent, include_sources=False)
    by_agent = RAG(Player("Zed", "Words.").agent, ann.agent, include_sources=False)

    await lone.run("Coat?")
    await by_agent.run("Coat?")

    assert '<said by="[1]">\nAll about Coat?\n</said>' in ann.heard[0]
    assert '<said by="[1]">\nWords.\n</said>' in ann.heard[1]


async def test_a_retriever_that_gives_something_else_is_a_mistake_that_is_told() -> None:
    def wrong(query: str) -> list[int]:
        return [len(query)]

    with pytest.raises(WorkflowError, match="something of the type int: it must give"):
        await RAG(wrong, player("x").agent).run("Coat?")


async def test_a_kept_run_goes_on_where_it_was(tmp_path: Path) -> None:
    searches = list[str]()

    def search(query: str) -> list[Any]:
        searches.append(query)
        return FOUND

    ann, eve = player("Yes."), Player("Eve", ModelError("ill."), SUPPORTED)
    team = RAG(search, ann.agent, verify_facts=True, verifier=eve.agent, on_error="raise")
    place = f"sqlite:{tmp_path / 'runs.db'}"

    with pytest.raises(ModelError):
        await team.run("Coat?", durable=place, run_id="r")
    result = await team.resume("r", durable=place)
    again = await team.run("Coat?", durable=place, run_id="r")

    assert (searches, len(ann.heard), len(eve.heard)) == (["Coat?"], 1, 2)
    assert result.ended == again.ended == "verified"
    assert result.text == again.text
    assert result.metadata == again.metadata


def test_what_cannot_be_is_refused() -> None:
    ann = player().agent
    with pytest.raises(ConfigError, match="max_chunks must be 1 or more, not 0"):
        RAG(find, ann, max_chunks=0)
    with pytest.raises(ConfigError, match="verify_facts needs a verifier"):
        RAG(find, ann, verify_facts=True)
    with pytest.raises(ConfigError, match="verifier is of no use while verify_facts is off"):
        RAG(find, ann, verifier=ann)
    with pytest.raises(ConfigError, match="'x'"):
        RAG(Member("x", "x", find), Member("x", "y", ann))
