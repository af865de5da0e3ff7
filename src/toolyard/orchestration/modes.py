"""The ways in which the agents of an `Orchestration` work together, each a workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from toolyard.core.errors import ConfigError, UnknownName
from toolyard.orchestration.member import Member
from toolyard.orchestration.presets.agent_team import AgentTeam
from toolyard.orchestration.presets.debate import Debate
from toolyard.orchestration.presets.layers import Layers
from toolyard.orchestration.presets.moderated import Moderated
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.ralph import Ralph
from toolyard.orchestration.presets.round_robin import RoundRobin
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.storage.store import Store

Agents = Mapping[str, Member]
"""Those of an orchestration by their ids, in the order in which they were added."""


class Mode(Protocol):
    """A way to work together."""

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """The workflow that does it.

        Args:
            agents: Who takes part.
            rounds: How many rounds a run is to have; modes that say that themselves take no note.
            options: Of the workflow.

        Raises:
            ConfigError: The agents are not those that it needs.
        """
        ...


@dataclass(frozen=True, slots=True)
class ParallelMode:
    """All agents do the task at once; as `Parallel`."""

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`."""
        return Parallel(agents, rounds=rounds, **options)


@dataclass(frozen=True, slots=True)
class RoundRobinMode:
    """One agent after the other, each going on from what was said; as `RoundRobin`."""

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`."""
        return RoundRobin(agents, rounds=rounds, synthesis=False, **options)


@dataclass(frozen=True, slots=True)
class ModeratedMode:
    """One of the agents says who of the others speaks next; as `Moderated`."""

    moderator_id: str

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`; `rounds` is the number of turns."""
        moderator = _known(agents, self.moderator_id)
        others = {name: each for name, each in agents.items() if name != self.moderator_id}
        return Moderated(others, moderator=moderator, rounds=rounds, **options)


@dataclass(frozen=True, slots=True)
class HierarchicalMode:
    """Layers of agents, each working on what the one before made of the task; as `Layers`."""

    layers: Sequence[Sequence[str]]
    """The ids of who works in each."""

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`."""
        del rounds  # there are as many as there are layers
        layers = [[_known(agents, each) for each in layer] for layer in self.layers]
        return Layers(layers, **options)


@dataclass(frozen=True, slots=True)
class DebateMode:
    """The agents answer each other until they stay with what they said; as `Debate`."""

    max_rounds: int = 3
    convergence_threshold: float | None = 0.75

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`."""
        del rounds  # it has its own number
        threshold = self.convergence_threshold
        return Debate(
            agents, max_rounds=self.max_rounds, convergence_threshold=threshold, **options
        )


@dataclass(frozen=True, slots=True)
class RalphMode:
    """The agents go on with a checklist in turn until all of it is done; as `Ralph`."""

    items: Sequence[WorkItem]
    max_iterations: int = 10

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`."""
        del rounds  # it has its own number
        return Ralph(self.items, agents, max_iterations=self.max_iterations, **options)


@dataclass(frozen=True, slots=True)
class AgentTeamMode:
    """The agents claim items from a pool that other processes may share; as `AgentTeam`."""

    pool_id: str
    items: Sequence[WorkItem]
    store: Store | None = None
    """Where the items are, entered by whoever made it; in this process if not given."""
    max_iterations: int | None = None
    """So many items each agent begins at most; any number if `None`."""

    def workflow(self, agents: Agents, rounds: int, options: WorkflowOptions) -> Workflow:
        """As `Mode.workflow`."""
        del rounds  # nobody waits for the others
        return AgentTeam(
            self.pool_id,
            self.items,
            agents,
            store=self.store,
            max_iterations=self.max_iterations,
            **options,
        )


def _known(agents: Agents, agent_id: str) -> Member:
    if agent_id not in agents:
        raise ConfigError(str(UnknownName("agent", agent_id)) + "; add it first.")
    return agents[agent_id]
