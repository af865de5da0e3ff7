"""What is told and counted of a run, however it ends."""

import anyio
import pytest
from tests.support.teams import Ear, Player

from toolyard.core.content import Image
from toolyard.core.errors import ModelError
from toolyard.core.toolbox import Toolbox
from toolyard.events.orchestration_events import AgentFailed, AgentResponded, AgentSelected
from toolyard.llm.budget import BudgetLimits
from toolyard.llm.message import ToolUse
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.pipeline import Pipeline
from toolyard.orchestration.presets.round_robin import RoundRobin

pytestmark = pytest.mark.anyio


async def wait(task: str) -> str:
    await anyio.sleep_forever()
    return task


async def test_whoever_was_asked_has_an_end_when_another_ends_the_run() -> None:
    ear = Ear()
    ann, bob = Player("Ann", "a"), Player("Bob", ModelError("gone."))
    team = Parallel(
        {"Ann": ann.agent, "waits": wait, "Bob": bob.agent}, on_error="raise", on_event=ear.bus
    )

    with pytest.raises(ModelError, match="gone"):
        await team.run("Go.")

    asked = {each.step_id for each in ear.of(AgentSelected)}
    answered = {each.step_id for each in ear.of(AgentResponded)}
    failed = {each.step_id: each.error for each in ear.of(AgentFailed)}
    assert asked == {"Ann", "waits", "Bob"} == answered | failed.keys()
    assert (failed["waits"], failed["Bob"]) == ("cancelled", "gone.")
    assert ear.names[-1] == "RunFailed"


async def test_whoever_was_asked_has_an_end_when_a_run_of_nested_teams_is_cancelled() -> None:
    ear = Ear()
    team = Parallel({"waits": wait}, name="t0", on_event=ear.bus)
    for at in range(1, 5):
        team = Parallel({"inner": team, "waits": wait}, name=f"t{at}", on_event=Ear().bus)

    with anyio.move_on_after(0.05) as scope:
        await team.run("Go.")

    assert scope.cancelled_caught
    assert ear.names == ["RunStarted", "RoundStarted", "AgentSelected", "AgentFailed", "RunFailed"]


async def test_what_a_step_took_that_ended_the_run_is_counted() -> None:
    toolbox = Toolbox()

    @toolbox.tool
    def look() -> int:  # pyright: ignore[reportUnusedFunction]
        """Looks."""
        return 1

    ann, bob = Player("Ann", "from Ann"), Player("Bob", *[ToolUse("1", "look", {})] * 3)
    async with ann.agent, bob.agent:
        await bob.agent.add_protocol("tools", toolbox)
        result = await Pipeline([ann.agent, bob.agent], budget=BudgetLimits(calls=3)).run("Go.")

    assert (result.ended, result.text) == ("budget", "from Ann")
    assert len(ann.model.requests) + len(bob.model.requests) == result.usage.calls == 3
    assert result.by_member["Bob"].usage.calls == 2


async def test_what_a_nested_team_took_is_counted_though_it_failed() -> None:
    bad = Player("Bad", ModelError("gone."))
    inner = Pipeline([Player("Good", "g").agent, bad.agent], name="inner", on_error="raise")
    middle = Parallel([inner], name="middle")

    result = await Parallel([middle, Player("Ann", "a").agent]).run("Go.")

    assert result.output == {"Ann": ["a"]}
    assert result.by_member["middle"].usage.calls == 1
    assert result.usage.calls == 2


async def test_one_that_failed_is_shown_the_pictures_again() -> None:
    ann, bob = Player("Ann", ModelError("busy."), "a"), Player("Bob", "b", "b")
    team = RoundRobin([ann.agent, bob.agent], rounds=2, synthesis=False)

    await team.run("What is it?", Image(b"png", "image/png"))

    shown = [
        [isinstance(part, Image) for part in request.messages[-1].parts].count(True)
        for request in (*ann.model.requests, *bob.model.requests)
    ]
    assert shown == [1, 1, 1, 0]
