"""One layer of members after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.engines.fan_out import FanOut, everyone
from toolyard.orchestration.engines.sequence import Done, Stage, Stages, answered, told
from toolyard.orchestration.member import Members, members_of
from toolyard.orchestration.workflow import Workflow, WorkflowOptions


class Layers(Workflow):
    """The members of a layer work at once, on the task and what the layer before made of it.

    The first layer hears the task alone. The result is what the last layer said: the answer of
    its only member, or all answers as of `Parallel`. A layer in which nobody answers is passed
    over: the next hears the one before, and the result is a partial one, ended by
    `stages_failed`. The number of rounds is that of the layers.

    Args:
        layers: Who works in each, one layer or more; a member may be in several, and begins anew
            in each.
        options: As of every workflow.
    """

    def __init__(self, layers: Sequence[Members], **options: Unpack[WorkflowOptions]) -> None:
        if not layers:
            raise ConfigError("layers must be one or more; there is none.")
        stages = [
            Stage(
                FanOut(
                    members_of(each, may_repeat=True),
                    choose=everyone(f"layer {at} of {len(layers)}"),
                ),
                _last_layer,
            )
            for at, each in enumerate(layers, 1)
        ]
        super().__init__(Stages(stages), options)


def _last_layer(task: str, done: Done) -> str:
    shown = answered(done)
    return told(task, shown[-1] if shown else ())
