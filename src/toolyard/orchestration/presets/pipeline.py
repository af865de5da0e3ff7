"""One member after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Literal, Unpack

from toolyard.core.errors import ConfigError, PromptError
from toolyard.orchestration.engines.fan_out import FanOut, everyone
from toolyard.orchestration.engines.sequence import Done, Hears, Stage, Stages, answered, told
from toolyard.orchestration.member import Member, Members, members_of
from toolyard.orchestration.refusals import refuse_other
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.prompts.template import Template

Hearing = Literal["last", "all"]
"""What a stage hears: what the one before said, or the task and what all before said."""

_OWN = ("task", "last")
"""What every prompt may name, besides the members of earlier stages."""


class Pipeline(Workflow):
    """Each member's answer is the next one's task, and the last one's answer the result.

    A stage that fails is passed over: the next hears what the one before said. The result is a
    partial one then, ended by `stages_failed`. The number of rounds is that of the stages.

    Args:
        members: The stages, in their order. One may be in it several times, and begins anew each
            time.
        hears: `last`: each stage hears the answer of the one before and nothing else, as its
            task. `all`: it hears the task, and what all stages before said, with their names.
            `last` if not given.
        prompts: What some of the members hear instead, by their ids: templates, in which
            `{{ task }}`, `{{ last }}` (what the stage before said) and the ids of members before
            may stand, of those that are made of letters, digits and `_`. What others said is put
            in with their names; nothing for those that failed.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        hears: Hearing = "last",
        prompts: Mapping[str, str] | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Hearing, hears=hears)
        found = members_of(members, may_repeat=True)
        given = dict(prompts or {})
        unknown = [name for name in given if name not in {each.id for each in found}]
        if unknown:
            ids = ", ".join(each.id for each in found)
            raise ConfigError(f"prompts must be for members ({ids}), not for {unknown[0]!r}.")
        heard = {"last": _last, "all": _all}[hears]
        stages = [
            Stage(
                FanOut([each], choose=everyone(f"stage {at} of {len(found)}")),
                _prompted(given[each.id], each, found[: at - 1]) if each.id in given else heard,
            )
            for at, each in enumerate(found, 1)
        ]
        super().__init__(Stages(stages), options)


def _last(task: str, done: Done) -> str:
    shown = answered(done)
    return shown[-1][-1].text if shown else task


def _all(task: str, done: Done) -> str:
    return told(task, [*chain(*answered(done))])


def _prompted(source: str, member: Member, before: Sequence[Member]) -> Hears:
    """Fills the prompt of `member`, who comes after those `before`."""
    names = _named(each.id for each in before)
    try:
        template = Template(
            source, variables=[*_OWN, *names], name=f"the prompt of {member.id!r} in prompts"
        )
    except PromptError as error:
        raise ConfigError(str(error)) from error

    def hears(task: str, done: Done) -> str:
        steps = [*chain(*answered(done))]
        said = dict.fromkeys(names, "")
        said |= {each.member_id: quoted(each.member_name, each.text) for each in steps}
        last = said[steps[-1].member_id] if steps else task
        return template.render(**{**said, "task": task, "last": last})

    return hears


def _named(ids: Iterable[str]) -> list[str]:
    """Those of `ids` that prompts can name; `ConfigError` if one means something else to all."""
    found = list(dict.fromkeys(ids))
    for name in _OWN:
        if name in found:
            raise ConfigError(f"No member before one with a prompt may have the id {name!r}.")
    return [each for each in found if each.isidentifier()]
