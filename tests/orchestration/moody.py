"""Teams of all kinds whose members answer by what they hear, after a while by chance.

All workflows but `AgentTeam`, in which who does an item is whoever is free.
"""

import json
import random
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from anyio.lowlevel import checkpoint

from toolyard.agents.agent import Agent
from toolyard.core.errors import ModelError
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.orchestration.presets.chain_of_density import ChainOfDensity
from toolyard.orchestration.presets.consensus import Consensus
from toolyard.orchestration.presets.constitutional import Constitutional, Principle
from toolyard.orchestration.presets.debate import Debate
from toolyard.orchestration.presets.iterative_refinement import IterativeRefinement
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

NAMES = ("m0", "m1", "m2", "a")
TASK = "One sentence here. Another one there. A third one is the end of all of it."


def step(step_id: str, who: str) -> dict[str, str]:
    told = "Do {{ task }} after {{ previous_output }}." if step_id != "s0" else "Do {{ task }}."
    return {
        "step_id": step_id,
        "description": "d",
        "assigned_agent": who,
        "intent_template": told,
        "expected_output": "e",
    }


def structured(name: str, number: int, request: ChatRequest) -> Any:
    """An answer of the type that is asked for, by a number."""
    properties: Any = request.output.schema["properties"] if request.output else {}
    answers: dict[str, Any] = {
        "Ballot": {"answer": 1 + number % 2, "reason": "r", "best": [1 + number % 2]},
        "Vote": {"proposal": 1 + number % 3},
        "Verdict": {"passed": number % 3 > 0, "passes": number % 3 > 0, "reason": "r"},
        "Verdicts": {"principle_1": {"reason": "r", "passes": number % 3 > 0}},
        "Rating": {"reason": "r", "score": number % 10 / 10},
        "Critique": {"feedback": f"f{number}", "score": number % 10 / 10},
        "Thoughts": {"thoughts": [f"t{number}", f"u{number}", f"v{number}"]},
        "Choice": {"members": ["m2", "m0"]},
        "Route": {"member": f"m{number % 3}", "reason": "r"},
        "Pick": {"speaker": f"m{number % 3}"},
        "Decision": {"action": "delegate", "member": f"m{number % 3}", "instructions": "Go."},
        "Plan": {"goal": "g", "steps": [step(f"s{at}", f"m{at}") for at in range(3)]},
        "Remedy": {"recovery": "retry"},
        "Unsupported": {"claims": []},
    }
    if "result" in properties:
        return {"result": [{"member": f"m{at % 3}", "task": f"part {at}"} for at in range(4)]}
    return {key: value for key, value in answers[name].items() if key in properties}


class Moody:
    """Answers by its name and what it heard, after a while by chance; now and then it fails."""

    def __init__(self, name: str, chance: random.Random, on_asked: Callable[[], None]) -> None:
        self.heard = list[str]()
        self.answers = 0
        self._name = name
        self._chance = chance
        self._on_asked = on_asked

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        heard = "\n".join(f"{each.role}: {each.text}" for each in request.messages)
        self.heard.append(heard)
        self._on_asked()
        number = int(sha256(f"{self._name} {heard}".encode()).hexdigest()[:8], 16)
        for _ in range(self._chance.randrange(12)):
            await checkpoint()
        if request.output is not None:
            said = json.dumps(structured(request.output.name, number, request))
        elif number % 11 == 0:
            raise ModelError(f"{self._name} has no answer.")
        else:
            said = f"{self._name} says {number}. [TASK_COMPLETE:i{number % 3}]"
        self.answers += 1
        return await ScriptedModel(said).reply(request)


Build = Callable[[list[Agent], Agent], Workflow]
"""A team of three members, and another one."""
ITEMS = [WorkItem("i0"), WorkItem("i1"), WorkItem("i2", depends_on=("i0",))]
PRINCIPLES = [Principle("p", "d")]
TEAMS: dict[str, Build] = {
    "parallel": lambda m, _: Parallel(m, rounds=2),
    "pipeline": lambda m, _: Pipeline(m, hears="all"),
    "layers": lambda m, a: Layers([m, [*m[1:], a], m]),
    "rag": lambda m, a: RAG(m[0], m[1], verify_facts=True, verifier=a),
    "experts": lambda m, a: MixtureOfExperts(m, router=a, combiner=a),
    "experts that vote": lambda m, a: MixtureOfExperts(m, routing="all", combine="vote"),
    "map": lambda m, a: MapReduce(m[0], reducer=a, chunk_size=20, reduce="tree"),
    "round robin": lambda m, a: RoundRobin(m, synthesizer=a, last=2),
    "moderated": lambda m, a: Moderated(m, moderator=a, rounds=4, finish="synthesize"),
    "debate": lambda m, a: Debate(m, judge=a, max_rounds=4),
    "socratic": lambda m, _: Socratic(m[0], m[1], max_exchanges=2),
    "consensus": lambda m, _: Consensus(m, max_rounds=3),
    "refinement": lambda m, a: IterativeRefinement(a, m, min_quality_score=0.9),
    "reflection": lambda m, a: Reflection(a, m[0]),
    "constitutional": lambda m, a: Constitutional(a, PRINCIPLES, critic=m[0]),
    "density": lambda m, a: ChainOfDensity(a, num_iterations=3),
    "router": lambda m, a: Router(m, router=a, fallback="m0"),
    "supervisor": lambda m, a: Supervisor(m, supervisor=a, max_steps=4),
    "manager": lambda m, a: ManagerWorkers(m, manager=a),
    "planner": lambda m, a: Planner(m, planner=a),
    "ralph": lambda m, a: Ralph(ITEMS, m, max_iterations=3),
    "thoughts": lambda m, a: TreeOfThoughts(m[0], a, max_depth=2),
    "thoughts by vote": lambda m, a: TreeOfThoughts(m[0], a, evaluation="vote", evaluations=3),
    "nested": lambda m, a: Parallel(
        [Debate(m, name="inner"), Layers([m, [a]], name="other"), *m], on_error="show"
    ),
}


def nothing() -> None:
    """Is done when a model is asked."""


class MoodyTeam:
    """A team of the kind `name`, and the models of its members."""

    def __init__(self, name: str, seed: int, on_asked: Callable[[], None] = nothing) -> None:
        chance = random.Random(seed)
        self.models = [Moody(each, chance, on_asked) for each in NAMES]
        *members, other = (
            Agent(each, model) for each, model in zip(NAMES, self.models, strict=True)
        )
        self.workflow = TEAMS[name](members, other)
