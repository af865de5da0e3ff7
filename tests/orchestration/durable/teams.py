"""A small team of each kind, whose runs are the same each time."""

from collections.abc import Callable, Mapping

from tests.orchestration.durable.crew import Crew

from toolyard.orchestration.member import Member
from toolyard.orchestration.planning.plan import PlanStep
from toolyard.orchestration.presets.agent_team import AgentTeam
from toolyard.orchestration.presets.chain_of_density import ChainOfDensity
from toolyard.orchestration.presets.consensus import Consensus
from toolyard.orchestration.presets.constitutional import Constitutional, Principle
from toolyard.orchestration.presets.debate import Debate
from toolyard.orchestration.presets.iterative_refinement import Critic, IterativeRefinement
from toolyard.orchestration.presets.layers import Layers
from toolyard.orchestration.presets.manager_workers import ManagerWorkers
from toolyard.orchestration.presets.map_reduce import MapReduce
from toolyard.orchestration.presets.mixture_of_experts import MixtureOfExperts
from toolyard.orchestration.presets.moderated import Moderated
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.pipeline import Pipeline
from toolyard.orchestration.presets.planner import Planner
from toolyard.orchestration.presets.rag import RAG
from toolyard.orchestration.presets.ralph import Ralph
from toolyard.orchestration.presets.reflection import Reflection
from toolyard.orchestration.presets.round_robin import RoundRobin
from toolyard.orchestration.presets.router import Router
from toolyard.orchestration.presets.socratic import Socratic
from toolyard.orchestration.presets.supervisor import Supervisor
from toolyard.orchestration.presets.tree_of_thoughts import TreeOfThoughts
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.workflow import Workflow

TASK = "Build a bridge. It must hold. It must last. It must be seen from afar."
UNORDERED = ("agent_team",)
"""Teams whose steps come in another order each time."""
ITEMS = [WorkItem("a", "First"), WorkItem("b", "Second", depends_on=("a",)), WorkItem("c", "Third")]


def pipeline(crew: Crew) -> Workflow:
    return Pipeline([crew.agent("Ann", tools=True), crew.agent("Bob"), crew.agent("Cy")])


def rag(crew: Crew) -> Workflow:
    def find(task: str) -> list[str]:
        crew.note("call", "find", task[:8])
        return ["Stone holds.", "Iron lasts."]

    finder = Member("find", "find", find, is_repeatable=True)
    checker = crew.agent("Vic", claims=[["It sings."]])
    return RAG(finder, crew.agent("Ann", tools=True), verify_facts=True, verifier=checker)


def layers(crew: Crew) -> Workflow:
    return Layers([[crew.agent("Ann"), crew.agent("Bob", tools=True)], [crew.agent("Cy")]])


def parallel(crew: Crew) -> Workflow:
    return Parallel([crew.agent(name, tools=True) for name in ("Ann", "Bob", "Cy")], rounds=2)


def mixture_of_experts(crew: Crew) -> Workflow:
    experts = [crew.agent("Ann", tools=True), crew.agent("Bob"), crew.agent("Cy")]
    return MixtureOfExperts(
        experts, router=crew.agent("Rob", members=[["Ann", "Cy"]]), combiner=crew.agent("Dee")
    )


def map_reduce(crew: Crew) -> Workflow:
    return MapReduce(crew.agent("Ann", tools=True), reducer=crew.agent("Bob"), chunk_size=30)


def round_robin(crew: Crew) -> Workflow:
    return RoundRobin([crew.agent("Ann", tools=True), crew.agent("Bob")], rounds=2)


def moderated(crew: Crew) -> Workflow:
    mo = crew.agent("Mo", speaker=["Bob", "Ann", "Bob"], is_over=[False, False, True])
    return Moderated([crew.agent("Ann"), crew.agent("Bob", tools=True)], moderator=mo)


def debate(crew: Crew) -> Workflow:
    members = [crew.agent("Ann"), crew.agent("Bob", tools=True), crew.agent("Cy")]
    return Debate(members, max_rounds=2, judge=crew.agent("Jo"))


def socratic(crew: Crew) -> Workflow:
    return Socratic(crew.agent("Ann"), crew.agent("Bob", tools=True), max_exchanges=2)


def consensus(crew: Crew) -> Workflow:
    members = [
        crew.agent("Ann", proposal=[1, 1, 1, 2], tools=True),
        crew.agent("Bob", proposal=[2]),
        crew.agent("Cy", proposal=[3, 3, 3, 2]),
    ]
    return Consensus(members, max_rounds=3)


def iterative_refinement(crew: Crew) -> Workflow:
    critics = [
        Critic(crew.agent("Bob", score=[0.2, 0.9]), "style"),
        Critic(crew.agent("Cy"), "sums"),
    ]
    return IterativeRefinement(crew.agent("Ann", tools=True), critics, max_iterations=2)


def reflection(crew: Crew) -> Workflow:
    return Reflection(crew.agent("Ann", tools=True), crew.agent("Bob"), max_reflections=2)


def constitutional(crew: Crew) -> Workflow:
    critic = crew.agent("Bob", passes=[False, True])
    rules = [Principle("short", "It is short."), Principle("kind", "It is kind.")]
    return Constitutional(crew.agent("Ann", tools=True), rules, critic=critic, max_revisions=2)


def chain_of_density(crew: Crew) -> Workflow:
    return ChainOfDensity(crew.agent("Ann", tools=True), num_iterations=2)


def router(crew: Crew) -> Workflow:
    members = [crew.agent("Ann"), crew.agent("Bob", tools=True)]
    return Router(members, router=crew.agent("Rob", member=["Bob"]))


def supervisor(crew: Crew) -> Workflow:
    lead = crew.agent("Sue", action=["delegate", "delegate", "finish"], member=["Bob", "Ann"])
    return Supervisor([crew.agent("Ann"), crew.agent("Bob", tools=True)], supervisor=lead)


def manager_workers(crew: Crew) -> Workflow:
    manager = crew.agent("Max", member=["Ann"])
    return ManagerWorkers([crew.agent("Ann", tools=True), crew.agent("Bob")], manager=manager)


def planner(crew: Crew) -> Workflow:
    def step(step_id: str, who: str, told: str) -> PlanStep:
        return PlanStep(
            step_id=step_id,
            description="Does it.",
            assigned_agent=who,
            intent_template=told,
            expected_output="Something.",
            requires_validation=False,
            output_key=None,
        )

    steps = [step("draw", "Ann", "Draw: {task}"), step("build", "Bob", "Build: {draw}")]
    eve = crew.agent("Eve", steps=[[each.model_dump() for each in steps]])
    return Planner([crew.agent("Ann", tools=True), crew.agent("Bob")], planner=eve)


def ralph(crew: Crew) -> Workflow:
    def check(item: WorkItem, answer: str) -> bool:
        crew.note("call", "check", item.id)
        return bool(answer)

    done = [f" [TASK_COMPLETE:{each}]" for each in "abc"]
    members = [
        crew.agent("Ann", tools=True, adds=done[0]),
        crew.agent("Bob", adds=done[1] + done[2]),
    ]
    return Ralph(ITEMS, members, check=check, reviewer=crew.agent("Rex", passes=[True]))


def agent_team(crew: Crew) -> Workflow:
    """Who claims what is not the same each time, so it makes no difference to the answers."""
    members = {name: crew.agent("Ann", tools=True) for name in ("one", "two")}
    return AgentTeam("pool", ITEMS, members, reviewer=crew.agent("Rex", passes=[True]))


def tree_of_thoughts(crew: Crew) -> Workflow:
    return TreeOfThoughts(
        crew.agent("Tom"),
        crew.agent("Eva"),
        branching_factor=2,
        beam_width=2,
        max_depth=2,
        prune_threshold=0.0,
    )


def nested(crew: Crew) -> Workflow:
    """Teams of teams, with members of the same names in several of them."""
    inner = Parallel([crew.agent("Ann", tools=True), crew.agent("Bob")], name="inner")
    talk = RoundRobin([crew.agent("Ann"), crew.agent("Cy")], rounds=1, name="talk")
    both = Parallel([inner, talk, crew.agent("Dee")], name="both")
    return Pipeline([both, crew.agent("Ann")])


TEAMS: Mapping[str, Callable[[Crew], Workflow]] = {
    make.__name__: make
    for make in (
        pipeline,
        rag,
        layers,
        parallel,
        mixture_of_experts,
        map_reduce,
        round_robin,
        moderated,
        debate,
        socratic,
        consensus,
        iterative_refinement,
        reflection,
        constitutional,
        chain_of_density,
        router,
        supervisor,
        manager_workers,
        planner,
        ralph,
        agent_team,
        tree_of_thoughts,
        nested,
    )
}
