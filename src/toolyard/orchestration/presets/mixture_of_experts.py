"""Those who know most about a task do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.deciding.ballots import ByVote
from toolyard.orchestration.deciding.choosing import ByKeywords, ByMeaning, ByRouter, Embed
from toolyard.orchestration.deciding.combining import Synthesis
from toolyard.orchestration.engines.fan_out import Choose, Combine, FanOut, everyone, one_or_all
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.texts.roster import names
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Routing = Literal["semantic", "keyword", "all", "top_k"]
Combining = Literal["synthesize", "concatenate", "vote"]

BEST = "Choose the {most} who fit the task best."
FITTING = "Choose those who fit the task, at most {most}; one may be enough."
SYNTHESIZE = (
    "These are answers of experts to the task. Make one answer of them that does the task: keep "
    "what is right, and decide where they differ."
)


class MixtureOfExperts(Workflow):
    """The experts who fit the task do it at once, and their answers become one.

    The experts hear the task and nothing of each other. If it cannot be told who fits (no keyword
    is in the task, or the router fails or names nobody), all of them are asked. One answer alone
    is the result as it is. If the combiner fails, the result is all answers, partial, and ended
    `not_combined`. What the routing or the combining that is asked for has no use for is refused.

    Args:
        experts: Who may be asked; a router and embeddings go by their expertise.
        routing: `semantic`: by meaning, the `top_k` that `embed` finds nearest to the task, or if
            there is none, those the router finds fitting, at most `top_k`. `top_k`: the `top_k`
            whom the router finds best. `keyword`: all with a keyword in the task. `all`: all.
        top_k: How many, 1 or more; of all experts, if there are no more.
        router: Who chooses, for `top_k`, and for `semantic` without `embed`.
        embed: Gets a list of texts, and gives a vector of numbers for each; may be async.
        keywords: Words, by the ids of experts, for `keyword`; they count as whole words in any
            case.
        combine: `synthesize`: the combiner makes one answer of all. `concatenate`: all under the
            names of the experts, the output as of `Parallel`. `vote`: the answer that most gave;
            if several were given as often, the experts vote on those, without knowing whose they
            are. It ended by `majority` or as `voted`, or `tied`, which is partial: the first. The
            score is the winner's share, and the metadata says for which step's answer each was
            (`votes`), and which was the `winner`.
        combiner: Who combines, for `synthesize`.
        options: As of every workflow.
    """

    def __init__(
        self,
        experts: Members,
        *,
        routing: Routing = "semantic",
        top_k: int = 2,
        router: Joining | Member | None = None,
        embed: Embed | None = None,
        keywords: Mapping[str, Sequence[str]] | None = None,
        combine: Combining = "synthesize",
        combiner: Joining | Member | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Routing, routing=routing)
        refuse_other(Combining, combine=combine)
        refuse_less(1, top_k=top_k)
        by_router = routing == "top_k" or (routing == "semantic" and embed is None)
        _refuse_idle(f"routing is {routing!r}", router=None if by_router else router)
        _refuse_idle(f"routing is {routing!r}", embed=None if routing == "semantic" else embed)
        _refuse_idle(f"routing is {routing!r}", keywords=None if routing == "keyword" else keywords)
        _refuse_idle(
            f"combine is {combine!r}", combiner=None if combine == "synthesize" else combiner
        )
        members = members_of(experts)
        others = list[Member]()
        if routing == "all" or (routing == "top_k" and top_k >= len(members)):
            choose: Choose = everyone("all experts are asked")
        elif routing == "keyword":
            choose = ByKeywords(_checked(keywords or {}, members))
        elif routing == "semantic" and embed is not None:
            choose = ByMeaning(embed, top_k)
        else:
            others.append(_needed(f"routing={routing!r}", "router", router))
            asked = BEST if routing == "top_k" else FITTING
            choose = ByRouter(others[-1], top_k, asked.format(most=top_k))
        if combine == "synthesize":
            others.append(_needed("combine='synthesize'", "combiner", combiner))
            made: Combine = Synthesis(others[-1], SYNTHESIZE)
        else:
            made = ByVote(members) if combine == "vote" else one_or_all
        super().__init__(FanOut(members, choose=choose, combine=made, others=others), options)


def _refuse_idle(why: str, **options: object) -> None:
    """`ConfigError` for one of the `options` that is given and would do nothing."""
    for name, value in options.items():
        if value is not None:
            raise ConfigError(f"{name} is of no use while {why}.")


def _needed(by: str, name: str, joining: Joining | Member | None) -> Member:
    """Who is needed for an option; `ConfigError` if there is nobody."""
    if joining is None:
        or_embed = " or embed" if by == "routing='semantic'" else ""
        raise ConfigError(f"{by} needs a {name}{or_embed}.")
    return member_of(joining)


def _checked(
    keywords: Mapping[str, Sequence[str]], members: Sequence[Member]
) -> Mapping[str, Sequence[str]]:
    """`keywords`; `ConfigError` if they do not go with the members."""
    if not keywords:
        raise ConfigError("routing='keyword' needs keywords.")
    for name, words in keywords.items():
        if name not in {each.id for each in members}:
            raise ConfigError(f"keywords must be for experts ({names(members)}), not for {name!r}.")
        if isinstance(words, str) or not all(each.strip() for each in words):
            raise ConfigError(f"keywords of {name!r} must be a list of words, not {words!r}.")
    return keywords
