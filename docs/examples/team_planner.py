"""A plan is made and done step by step; what comes of the steps is of types, and found by them.

The scripted models say what real ones would; put `"openai:gpt-5-mini"` in their place, with a key.
"""

import sys

import anyio

from toolyard import (
    Agent,
    Blueprint,
    ConsoleSink,
    Delivery,
    EventBus,
    ModelError,
    Plan,
    Planner,
    PlanStep,
    PromptModel,
    ScriptedModel,
)


class Route(PromptModel, template="Tracks {{ tracks | join(', ') }}: {{ length_m }} m"):
    """Which tracks a train takes; so it is shown to whoever does the next step."""

    tracks: list[int]
    length_m: int


class Timetable(PromptModel):
    """When a train leaves and arrives."""

    leaves: str
    arrives: str


PLAN = Plan(
    goal="A train that fits into the timetable.",
    steps=[
        PlanStep(
            step_id="route",
            description="Finds a free route.",
            assigned_agent="Router",
            intent_template="Find a free route for this: {{ task }}",
            expected_output="The tracks and their length.",
        ),
        PlanStep(
            step_id="times",
            description="Says when the train runs.",
            assigned_agent="Clerk",
            intent_template="When can a train run on this route? {{ route }}",
            expected_output="When it leaves and arrives.",
        ),
    ],
)

chief = ScriptedModel(PLAN.model_dump_json(), '{"recovery": "retry"}')
router = ScriptedModel('{"tracks": [4, 7], "length_m": 1850}')
clerk = ScriptedModel(ModelError("The clerk is out."), '{"leaves": "06:10", "arrives": "06:18"}')


async def main() -> None:
    bus, shown = EventBus(), Delivery(ConsoleSink(sys.stdout))
    bus.add(shown)
    team = Planner(
        [Agent("Router", router, expertise="Tracks."), Agent("Clerk", clerk, expertise="Times.")],
        planner=Agent("Chief", chief),
        blueprint=Blueprint("First find a route; then see when it is free."),
        outputs={"Router": Route, "Clerk": Timetable},
        on_event=bus,
    )
    result = await team.run("A freight train of 600 m from the harbour to the yard.")
    await shown.settled(5)

    route, times = result.get(Route), result.step("times").output
    print(f"\nOver {route.tracks}, {route.length_m} m, from {times.leaves} to {times.arrives}")
    print(result.metadata["plan"].goal, "A step was done again:", result.metadata["redesigns"])


if __name__ == "__main__":
    anyio.run(main)
